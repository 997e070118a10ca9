"""Plans of one function share memory, for ever larger shapes too."""

from kerasish.compiler.arena import Arena


def test_ever_larger_plans_share_a_few_blocks():
    arena = Arena()
    blocks = []
    for nbytes in range(1000, 9000, 10):
        block = arena.take(nbytes)
        arena.settle()
        assert block.size >= nbytes
        if not blocks or blocks[-1] is not block:
            blocks.append(block)
    assert len(blocks) < 15
    assert blocks[0].size == 1000  # one plan alone takes what it needs
    assert blocks[-1].size < 9000 * 1.3
