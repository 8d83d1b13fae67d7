# Exercises are made from solutions: `make exercises`. Read by nbgrader in this folder.
c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "lecture-code"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", ".DS_Store"]

# What stands in an exercise where the solution had its answer.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearSolutions.text_stub = "*Write your answer here.*"
