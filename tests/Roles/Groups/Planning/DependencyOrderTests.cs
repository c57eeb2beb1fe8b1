using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Planning;

/// <summary>RBG's own cases of dependencies.</summary>
public sealed class DependencyOrderTests
{
    [Theory]
    [InlineData("a:b b:c c:", "c|b|a")]
    [InlineData("a: b: c:", "a b c")]
    [InlineData("a:c b:c c:", "c|a b")]
    public void Roles_start_in_layers(string roles, string layers) =>
        Assert.Equal(layers, string.Join('|', RoleOrder.Layers(Specs.Group(Declared(roles)).Roles).Select(layer => string.Join(' ', layer))));

    [Theory]
    [InlineData("a:b b:a", "a -> b -> a")]
    [InlineData("a:a", "a -> a")]
    [InlineData("a:b b:c c:b", "b -> c -> b")]
    public void A_cycle_is_an_error_that_names_it(string roles, string cycle) =>
        Assert.Contains(cycle, Assert.Throws<SpecException>(() => Specs.Group(Declared(roles))).Message);

    private static string Declared(string roles) => string.Concat(roles.Split(' ').Select(role => role.Split(':')).Select(role => Specs.Role(role[0], 1, "v1", $"dependencies: [{role[1]}]")));
}
