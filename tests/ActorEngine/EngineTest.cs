using Akka.TestKit.Xunit2;

namespace ActorInference.ActorEngine.Tests;

/// <summary>A test with a system of its own. What it expects has a minute to come, for a busy machine takes its time.</summary>
/// <param name="hocon">What else the system is to have.</param>
public abstract class EngineTest(string hocon = "") : TestKit(
    $$"""
    {{hocon}}
    akka.test {
      single-expect-default = 60s
      default-timeout = 60s
      filter-leeway = 60s
    }
    """);
