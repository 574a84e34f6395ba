"""The fault suite: real parts, killed at random, and a reckoning of what was asked and what arrived.

    python -m tests.chaos 2000 --seed 7       (`make chaos N=2000`)

`people` send requests over HTTP to real web processes; `nemesis` kills web, worker, beat and Redis, cuts
database lines and makes the mail server misbehave; `reckoning` compares what was acknowledged with what is
stored, and what is stored with what the mail server took. `control` is the unprotected way under the same
faults: if it loses nothing, the faults proved nothing.
"""
