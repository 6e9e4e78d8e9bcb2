"""A small Levenberg-Marquardt fitter in plain Python, enough for a dozen unknowns."""

from collections.abc import Callable, Sequence
from math import sqrt

Residuals = Callable[[Sequence[float]], list[float]]


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            for c in range(i, size + 1):
                rows[r][c] -= factor * rows[i][c]
    answer = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][c] * answer[c] for c in range(i + 1, size))
        answer[i] = (rows[i][size] - known) / rows[i][i]
    return answer


def fitted(residuals: Residuals, start: Sequence[float], steps: int = 30) -> tuple[list[float], float]:
    """Return the unknowns of the least sum of squares near ``start``, and the rms of the residuals."""
    x = list(start)
    r = residuals(x)
    best = sum(v * v for v in r)
    damping = 1e-2
    for _ in range(steps):
        columns = []
        for j in range(len(x)):
            moved = [*x]
            moved[j] += 1e-5
            columns.append([(a - b) / 1e-5 for a, b in zip(residuals(moved), r, strict=True)])
        normal = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in columns] for p in columns]
        gradient = [-sum(a * b for a, b in zip(p, r, strict=True)) for p in columns]
        before = best
        for _ in range(12):
            damped = [[*row] for row in normal]
            for i in range(len(x)):
                damped[i][i] += damping * normal[i][i] + 1e-12
            trial = [a + b for a, b in zip(x, _solved(damped, gradient), strict=True)]
            trial_r = residuals(trial)
            trial_sum = sum(v * v for v in trial_r)
            if trial_sum < best:
                x, r, best, damping = trial, trial_r, trial_sum, damping / 5
                break
            damping *= 6
        if before - best < 1e-5 * before:
            break
    return x, sqrt(best / len(r))
