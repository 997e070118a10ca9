from kerasish import ops
from kerasish.compiler import function
from kerasish.graph.node import LEAVES, PICK
from kerasish.inspect.cost import flops, graph_flops, label, nbytes
from kerasish.ops.control.functions import scan
from kerasish.spec import TensorSpec


def traced(func, *specs):
    return function(func).compiled(*specs)


A, B = TensorSpec((3, 4), "float32"), TensorSpec((4, 5), "float32")


def test_a_product_costs_two_operations_per_pair():
    graph = traced(lambda a, b: ops.matmul(a, b), A, B).traced
    node = graph.outputs[0]
    assert flops(node) == 2 * 3 * 4 * 5
    assert nbytes(node) == 4 * (12 + 20 + 15)


def test_a_region_costs_what_is_inside():
    made = traced(lambda a: ops.tanh(a * a + 1.0), A)
    plain = [n for n in made.traced.nodes if n.op not in LEAVES and n.op is not PICK]
    (region,) = [s.node for s in made.plan.steps]
    assert flops(region) == sum(map(flops, plain)) == graph_flops(made.traced)
    assert label(region) == "fused 3: multiply add tanh"
    assert nbytes(region) == 2 * 48  # one array in, one out


def test_broadcasting_reads_what_is_stored():
    graph = traced(lambda a: ops.broadcast_to(a, (10, 3, 4)) * 2.0, A).traced
    node = graph.outputs[0]
    assert nbytes(node) == 48 + 4 + 480


def test_a_scan_costs_its_body_in_every_round():
    def run(x, w):
        return scan(lambda c, xt: (ops.matmul(xt, w) + c, None), x[0], x)[0]

    graph = function(run).compiled(TensorSpec((5, 3, 4), "float32"), TensorSpec((4, 4), "float32"))
    (node,) = [n for n in graph.traced.nodes if n.op.name == "scan"]
    assert flops(node) == 5 * (2 * 3 * 4 * 4 + 12)
