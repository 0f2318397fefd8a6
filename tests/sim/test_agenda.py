"""What is to happen when.

Tasks are played in the order of their moments, phases, and being put there
├── those of one moment and phase in one batch
└── what a batch leads to comes later, not before the present moment
A step that fails ends the run, unless it may fail
The clock
└── is set to each moment; one that has run ahead by itself is left alone
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from aidline.client import RevmChain, Transaction
from aidline.client.chain import Receipt
from aidline.errors import TransactionFailed
from aidline.signing import Key
from aidline.sim.agenda import Agenda, Step

START = 1_579_651_200
ONE, OTHER = Key.derive("agenda", "one"), Key.derive("agenda", "other")


class Noting(RevmChain):
    """A chain that remembers the batches, and whose clock may run by itself."""

    def __init__(self) -> None:
        super().__init__(timestamp=START)
        self.batches: list[tuple[int, list[int]]] = []
        self.ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead

    def set_time(self, timestamp: int) -> None:
        assert timestamp >= self.now()
        super().set_time(timestamp)

    def send_many(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        self.batches.append((self.now() - START, [sent.value for sent in transactions]))
        return super().send_many(transactions)


def pay(value: int, sender: Key = ONE) -> Transaction:
    return Transaction(sender, OTHER.address, value=value)


def test_moments_then_phases_then_the_order_of_coming() -> None:
    chain = Noting()
    agenda = Agenda(chain)

    def task(*values: int) -> Iterator[Step]:
        yield from (Step(pay(value)) for value in values)

    agenda.at(START + 20, lambda: task(5))
    agenda.at(START + 10, lambda: task(3), phase=1)
    agenda.at(START + 10, lambda: task(1))
    agenda.at(START + 10, lambda: task(2, 4))
    agenda.at(START + 15, lambda: iter(()))
    agenda.run()
    assert chain.batches == [(10, [1, 2, 4]), (10, [3]), (20, [5])]
    assert agenda.transactions == 5
    assert agenda.now == START + 20


def test_what_a_batch_leads_to_is_not_before_the_present() -> None:
    chain = Noting()
    agenda = Agenda(chain)
    seen: list[int] = []

    def first() -> Iterator[Step]:
        def done(receipt: Receipt) -> None:
            seen.append(receipt.status)
            agenda.at(START, lambda: iter([Step(pay(2))]))

        yield Step(pay(1), done)

    agenda.at(START + 10, first)
    agenda.run(until=START + 9)
    assert chain.batches == []
    agenda.run()
    assert seen == [1]
    assert chain.batches == [(10, [1]), (10, [2])]


def test_a_step_that_fails_ends_the_run_unless_it_may() -> None:
    agenda = Agenda(Noting())
    failed: list[int] = []
    broken = Transaction(ONE, None, data=b"\xfe")
    agenda.at(
        START, lambda: iter([Step(broken, lambda got: failed.append(got.status), may_fail=True)])
    )
    agenda.run()
    assert failed == [0]
    agenda.at(START, lambda: iter([Step(broken)]))
    with pytest.raises(TransactionFailed):
        agenda.run()


def test_a_clock_that_has_run_ahead_is_left_alone() -> None:
    chain = Noting()
    agenda = Agenda(chain)
    agenda.at(START + 10, lambda: iter([Step(pay(1))]))
    agenda.at(START + 12, lambda: iter([Step(pay(2))]))
    agenda.run(until=START + 10)
    chain.ahead = 30
    agenda.run()
    assert [values for _, values in chain.batches] == [[1], [2]]
    assert agenda.now == START + 12
