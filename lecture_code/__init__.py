"""The library beside the book *Neural Networks and Stochastic Gradient Descent*.

Import the module you need: ``from lecture_code.network import Network, forward``. The modules stand on
floors and import only downward; `docs` of each name the formulas of the book that it implements.
"""
