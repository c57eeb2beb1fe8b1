using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Spec;

namespace ActorInference.Control.Tests;

public sealed class TopologyTests
{
    [Fact]
    public void The_discovery_file_has_RBGs_form_with_addresses_that_can_be_reached()
    {
        var group = SpecReader.ReadGroup(Specs.Pair("demo", "v1", 2, 1));

        var text = DiscoveryFile.Write(group,
        [
            new DiscoveredInstance("prefill", 1, "10.0.0.2", [new("api-port", 30001)]),
            new DiscoveredInstance("prefill", 0, "10.0.0.1", [new("api-port", 30000)]),
            new DiscoveredInstance("decode", 0, "10.0.0.1", []),
        ]);

        Assert.Equal(
            """
            group:
              name: demo
              roles:
              - prefill
              - decode
              size: 2
            roles:
              decode:
                instances:
                - address: 10.0.0.1
                  ports: {}
                size: 1
              prefill:
                instances:
                - address: 10.0.0.1
                  ports:
                    api_port: 30000
                - address: 10.0.0.2
                  ports:
                    api_port: 30001
                size: 2

            """.ReplaceLineEndings("\n"),
            text);
    }
}
