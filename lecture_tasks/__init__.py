"""The exercises that are checked by code, one module a chapter: what is asked, and what goes wrong.

The notebooks in `solutions/` hold the statements and the solutions. A module here holds, for each of
their tasks, a reference answer, random inputs, and the known wrong answers, so that an exercise notebook
need not contain them. Reading on spoils the exercises.
"""
