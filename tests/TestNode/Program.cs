using ActorInference.TestNode;
using Akka.Actor;

// A node of a cluster for tests: reads orders from stdin, one a line, and ends with it, so that it never outlives a test.
var options = NodeOptions.Parse(args);
var system = ActorSystem.Create("ledgers", options.ToConfig());
using var node = new LedgerNode(system);
Output.Write($"ready {node.Address}");
_ = Task.Run(() => Control.RunAsync(node));
await system.WhenTerminated;
Output.Write("event ended");
