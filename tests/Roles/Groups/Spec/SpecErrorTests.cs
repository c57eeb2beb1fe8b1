using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Spec;

/// <summary>Bad specs: every error at once, with its path and line.</summary>
public sealed class SpecErrorTests
{
    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        var refused = Specs.Refused(
            """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroup
            metadata:
              name: pd
            spec:
              roles:
              - name: prefill
                role: prefill
                replica: 2
              - name: decode
                role: decode
                rolloutStrategy:
                  rollingUpdate:
                    maxUnavailable: 10 percent
              - name: router
                role: router
                dependencies: [prefil, decode]
              - name: decode
                standalonePattern:
                  template:
                    spec:
                      containers:
                      - name: c
                        imgae: x
            """);

        Assert.Equal(
            [
                "spec.roles[0].replica: no such field; did you mean \"replicas\"? (line 9)",
                "spec.roles[1].rolloutStrategy.rollingUpdate.maxUnavailable: is '10 percent'; expected a number of replicas such as 1, or a percentage from 0% to 100% (line 14)",
                "spec.roles[2].dependencies[0]: no role named \"prefil\" (line 17)",
                "spec.roles[3].name: two roles are named \"decode\" (line 18)",
                "spec.roles[3].standalonePattern.template.spec.containers[0]: needs the field image (line 23)",
                "spec.roles[3].standalonePattern.template.spec.containers[0].imgae: no such field; did you mean \"image\"? (line 24)",
            ],
            refused.Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void Of_several_files_each_error_names_its_file_and_the_line_within_it()
    {
        const string Group = """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroup
            metadata: {name: NAME}
            spec: {roles: [{name: a, role: prefill, FIELD: 1}]}
            """;
        string Text(string name, string field) => Group.Replace("NAME", name, StringComparison.Ordinal).Replace("FIELD", field, StringComparison.Ordinal);

        var refused = Assert.Throws<SpecException>(() => SpecReader.Read(
            [new SpecSource("x.yaml", Text("one", "replica")), new SpecSource("empty.yaml", ""), new SpecSource("y.yaml", "---\n" + Text("two", "replicas")), new SpecSource("z.yaml", "a: [\n"), new SpecSource("w.yaml", Text("two", "replicas"))]));

        Assert.Equal(["x.yaml", "z.yaml", "w.yaml"], refused.Errors.Select(error => error.File));
        Assert.Equal("x.yaml: spec.roles[0].replica: no such field; did you mean \"replicas\"? (line 4)", refused.Errors[0].ToString());
        Assert.Equal("w.yaml: metadata.name: two documents are RoleBasedGroup \"two\" (line 1)", refused.Errors[2].ToString());
    }

    [Fact]
    public void An_old_group_with_a_policy_that_is_there_twice_is_told_as_any_other()
    {
        const string Old = """
            apiVersion: workloads.x-k8s.io/v1alpha1
            kind: RoleBasedGroup
            metadata: {name: old}
            spec:
              coordination: [{name: c, roles: [a, b], strategy: {rollingUpdate: {maxSkew: 10%}}}]
              roles:
              - {name: a, template: {spec: {containers: [{name: c, image: x}]}}}
              - {name: b, template: {spec: {containers: [{name: c, image: x}]}}}
            """;

        var refused = Specs.Refused($"{Old}\n---\n{Old}");

        Assert.Equal(["two documents are CoordinatedPolicy \"old\"", "two documents are RoleBasedGroup \"old\""], refused.Errors.Select(error => error.Message).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("- { name: a, role: prefill, dependencies: [b] }\n- { name: b, role: decode, dependencies: [a] }", "spec.roles[0].dependencies: roles wait for each other: a -> b -> a (line 8)")]
    [InlineData("- { name: a, role: prefil }", "spec.roles[0].role: is 'prefil'; expected one of gateway, router, prefill, decode, cache-master, cache-store; did you mean \"prefill\"? (line 8)")]
    [InlineData("- { name: a }", "spec.roles[0]: needs exactly one of standalonePattern, leaderWorkerPattern, customComponentsPattern, or, for one of our own roles, role (line 8)")]
    [InlineData("- { name: a, role: prefill, replicas: 3, rolloutStrategy: { rollingUpdate: { partition: 100% } } }", "spec.roles[0].rolloutStrategy.rollingUpdate.partition: is 100% of 3 replicas; expected less than all of them (line 8)")]
    [InlineData("- { name: a, role: prefill, replicas: 4, rolloutStrategy: { rollingUpdate: { maxUnavailable: 10% } } }", "spec.roles[0].rolloutStrategy.rollingUpdate.maxUnavailable: maxUnavailable 10% and maxSurge 0 of 4 replicas are both 0: nothing could be updated (line 8)")]
    [InlineData("- { name: a, role: prefill, replicas: -1 }", "spec.roles[0].replicas: is '-1'; expected a whole number of at least 0 (line 8)")]
    [InlineData("- { name: a, role: prefill, replicas: '1' }", "spec.roles[0].replicas: is '1'; expected a whole number of at least 0 (line 8)")]
    [InlineData("- { name: A_b, role: prefill }", "spec.roles[0].name: is 'A_b'; expected at most 63 lower-case letters, digits and dashes, a letter or digit at either end (line 8)")]
    [InlineData("- { name: a, standalonePattern: { template: { spec: { containers: [{ name: c, image: i, resources: { cpuSet: 3-1 } }] } } } }", "spec.roles[0].standalonePattern.template.spec.containers[0].resources.cpuSet: is '3-1'; expected cores such as 0-3,8 (line 8)")]
    [InlineData("- { name: a, standalonePattern: { template: { spec: { containers: [{ name: c, image: i, resources: { limits: { cpu: two } } }] } } } }", "spec.roles[0].standalonePattern.template.spec.containers[0].resources.limits.cpu: is 'two'; expected a quantity such as 500m, 2 or 16Gi (line 8)")]
    [InlineData("- { name: a, standalonePattern: { template: { spec: { initContainers: [{ name: i, image: i, livenessProbe: { tcpSocket: { port: 1 } } }], containers: [{ name: c, image: i }] } } } }", "spec.roles[0].standalonePattern.template.spec.initContainers[0].livenessProbe: is not for an init container, which runs to its end before the others (line 8)")]
    [InlineData("- { name: a, standalonePattern: { template: { spec: { initContainers: [{ name: i, image: i, restartPolicy: Always }], containers: [{ name: c, image: i }] } } } }", "spec.roles[0].standalonePattern.template.spec.initContainers[0].restartPolicy: is 'Always'; an init container that goes on is not to be had here: put it among the containers (line 8)")]
    [InlineData("- { name: a, role: prefill, annotations: { rbg.workloads.x-k8s.io/role-inplace-scheduling: Never } }", "spec.roles[0].annotations.'rbg.workloads.x-k8s.io/role-inplace-scheduling': is 'Never'; expected Preferred or Required (line 8)")]
    [InlineData("- { name: a, standalonePattern: { templateRef: { name: nope } } }", "spec.roles[0].standalonePattern.templateRef.name: no template named \"nope\" (line 8)")]
    [InlineData("- { name: a, role: prefill, engineRuntimes: [{ profileName: nope }] }", "spec.roles[0].engineRuntimes[0].profileName: no profile named \"nope\" (line 8)")]
    [InlineData("- { name: a, role: prefill, podManagementPolicy: parallel }", "spec.roles[0].podManagementPolicy: is 'parallel'; expected one of Parallel, OrderedReady; did you mean \"Parallel\"? (line 8)")]
    [InlineData("- { name: a, role: prefill, role: decode }", "spec.roles[0].role: is there twice (line 8)")]
    public void One_error(string roles, string expected) => Assert.Contains(expected, Specs.Refused(Specs.Text(roles)).Errors.Select(error => error.ToString()));

    [Theory]
    [InlineData("env: [{ name: A, valueFrom: { secretKeyRef: { name: s, key: k } } }]", "secretKeyRef: is not to be had here; expected fieldRef or a value")]
    [InlineData("readinessProbe: { tcpSocket: { port: nope } }", "readinessProbe: no port named \"nope\"")]
    [InlineData("readinessProbe: { periodSeconds: 1 }", "readinessProbe: needs exactly one of httpGet, tcpSocket and exec")]
    [InlineData("volumeMounts: [{ name: v, mountPath: /v }]", "a container mounts \"v\", but no volume has that name")]
    [InlineData("volumeMounts: [{ name: v, mountPath: /v, subPath: ../up }]", "subPath: is '../up'; expected a path within the volume")]
    [InlineData("volumeMounts: [{ name: v, mountPath: /v, subPath: a, subPathExpr: b }]", "subPathExpr: does not go with subPath")]
    [InlineData("resources: { limits: { memory: lots } }", "memory: is 'lots'; expected a quantity such as 500m, 2 or 16Gi")]
    public void A_container_that_no_process_can_be(string field, string expected)
    {
        var text = Specs.Text($"- {{ name: a, standalonePattern: {{ template: {{ spec: {{ containers: [{{ name: c, image: i, {field} }}] }} }} }} }}");

        Assert.Contains(Specs.Refused(text).Errors, error => error.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_policy_about_roles_its_group_lacks_is_an_error_where_it_stands()
    {
        var refused = Specs.Refused(Specs.Text("- { name: prefill, role: prefill }") +
            """
            ---
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: CoordinatedPolicy
            metadata: { name: g }
            spec:
              policies:
              - name: pd
                roles:
                - prefill
                - decoder
            """);

        Assert.Equal("spec.policies[0].roles[1]: no role named \"decoder\" (line 18)", Assert.Single(refused.Errors).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a: [")]
    [InlineData("a: *b")]
    [InlineData("- 1")]
    [InlineData("apiVersion: workloads.x-k8s.io/v1alpha3\nkind: RoleBasedGroup")]
    [InlineData("apiVersion: workloads.x-k8s.io/v1alpha2\nkind: RoleBasedGruop")]
    public void What_is_no_spec_is_refused(string text) => Assert.NotEmpty(Specs.Refused(text).Errors);

    [Fact]
    public void Deep_and_swollen_texts_are_refused()
    {
        var bomb = "a0: &a0 [x, x]\n" + string.Concat(Enumerable.Range(1, 40).Select(level => $"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]\n"));

        Assert.Contains("nested deeper", Specs.Refused(new string('[', 20_000)).Message, StringComparison.Ordinal);
        Assert.Contains("more than", Specs.Refused(bomb).Message, StringComparison.Ordinal);
        Assert.Contains("characters", Specs.Refused(new string(' ', 5 << 20)).Message, StringComparison.Ordinal);
    }
}
