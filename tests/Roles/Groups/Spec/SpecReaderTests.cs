using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Spec;

public sealed class SpecReaderTests
{
    [Fact]
    public void The_short_form_of_our_own_roles_is_a_container_with_port_and_probe()
    {
        var role = Specs.Group("- { name: prefill, role: prefill, replicas: 2, version: v1, settings: { model: tiny, kv-memory: 256Mi, verbose: true, tag: [a, b] } }").Roles[0];

        var container = role.Components[0].Template.Containers[0];
        Assert.Equal("actorinference:v1", container.Image);
        Assert.Equal(["actorinference"], container.Command.AsEnumerable());
        Assert.Equal(
            "node --role prefill --cluster-host $(RBG_ADDRESS) --cluster-port $(RBG_PORT_CLUSTER) --seed $(RBG_SEED) --ready-port $(RBG_PORT_READY) "
            + "--set actor-inference.cache.l2.path=$(VOLUME_MEMORY)/l2 --set actor-inference.cache.l2.ratio=1 "
            + "--management-port $(RBG_PORT_METRICS) --set actor-inference.management.host=$(RBG_ADDRESS) --model tiny --kv-memory 256Mi --verbose --tag a --tag b",
            string.Join(' ', container.Args));
        Assert.Equal([new PortSpec("cluster", 0), new PortSpec("ready", 0), new PortSpec("metrics", 0)], container.Ports.AsEnumerable());
        Assert.True(Assert.Single(role.Components[0].Template.Volumes).InMemory);
        Assert.Equal(new TcpAction("ready", null), container.Readiness!.Action);
        Assert.Equal((2, RolePattern.Standalone, "prefill"), (role.Replicas, role.Pattern, role.OwnRole));
    }

    [Theory]
    [InlineData("role: router", true)]
    [InlineData("role: gateway", true)]
    [InlineData("role: decode", true)]
    [InlineData("role: cache-store", false)]
    [InlineData("role: router, settings: { management-port: none }", false)]
    [InlineData("role: router, settings: { management-port: 9100 }, patch: { spec: { containers: [{ name: router, ports: [{ name: metrics, containerPort: 9100 }] }] } }", false)]
    public void Roles_that_load_is_measured_at_have_a_metrics_port_unless_the_spec_says_where(string role, bool hasOwn)
    {
        var container = Specs.Group($"- {{ name: a, {role} }}").Roles[0].Components[0].Template.Containers[0];

        Assert.Equal(hasOwn, container.Ports.Contains(new PortSpec("metrics", 0)));
        Assert.Equal(hasOwn, string.Join(' ', container.Args).Contains("--management-port $(RBG_PORT_METRICS) --set actor-inference.management.host=$(RBG_ADDRESS)", StringComparison.Ordinal));
        Assert.InRange(container.Args.Count(argument => argument == "--management-port"), 0, 1);
    }

    [Fact]
    public void A_patch_changes_the_short_form()
    {
        var role = Specs.Group(
            """
            - name: gateway
              role: router
              settings: { port: 8000 }
              patch:
                spec:
                  volumes: [{ name: shm, emptyDir: { medium: Memory, sizeLimit: 30Gi } }]
                  containers:
                  - { name: router, volumeMounts: [{ name: shm, mountPath: /dev/shm }] }
            """).Roles[0];

        var template = role.Components[0].Template;
        Assert.Equal(new VolumeSpec("shm", null, InMemory: true, 30L << 30), Assert.Single(template.Volumes));
        Assert.Equal("/dev/shm", template.Containers[0].Mounts[0].MountPath);
        Assert.Contains(new PortSpec("http", 8000), template.Containers[0].Ports);
        Assert.Equal("http", Assert.IsType<HttpAction>(template.Containers[0].Readiness!.Action).Port);
    }

    [Fact]
    public void Templates_are_taken_by_name_and_patched()
    {
        var group = SpecReader.ReadGroup(
            """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroup
            metadata: { name: pd }
            spec:
              roleTemplates:
              - name: base
                template:
                  metadata: { labels: { app: sglang } }
                  spec:
                    containers:
                    - name: engine
                      image: sglang:v0.5.5
                      env: [{ name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }]
                      ports: [{ name: http, containerPort: 8000 }]
              roles:
              - name: prefill
                standalonePattern:
                  templateRef:
                    name: base
                    patch:
                      spec:
                        containers:
                        - name: engine
                          args: [--host, $(POD_IP)]
                          env: [{ name: MODE, value: prefill }]
                          resources: { limits: { nvidia.com/gpu: 4, memory: 100Gi, rdma/hca: 1 }, requests: { cpu: 500m } }
              - name: decode
                leaderWorkerPattern:
                  size: 4
                  templateRef: { name: base }
                  workerTemplatePatch: { spec: { containers: [{ name: engine, image: sglang:v0.5.6, ports: null }] } }
                  restartPolicyConfig: { baseDelaySeconds: 10 }
            """);

        var prefill = group.Roles[0].Components[0].Template.Containers[0];
        Assert.Equal([new EnvVar("POD_IP", "", "status.podIP"), new EnvVar("MODE", "prefill")], prefill.Env.AsEnumerable());
        Assert.Equal(["--host", "$(POD_IP)"], prefill.Args.AsEnumerable());
        Assert.Equal((4, 0.5, 100L << 30, 1), (prefill.Resources.Gpus, prefill.Resources.Cpus, prefill.Resources.MemoryLimitBytes, prefill.Resources.Other["rdma/hca"]));
        var decode = group.Roles[1];
        Assert.Equal([("leader", 1, "sglang:v0.5.5"), ("worker", 3, "sglang:v0.5.6")], decode.Components.Select(part => (part.Name, part.Size, part.Template.Containers[0].Image)));
        Assert.Empty(decode.Components[1].Template.Containers[0].Ports);
        Assert.Equal((RestartPolicyType.RecreateRoleInstanceOnPodRestart, TimeSpan.FromSeconds(10)), (decode.Restart.Type, decode.Restart.BaseDelay));
    }

    [Fact]
    public void Engine_runtimes_bring_their_containers_with_the_roles_additions()
    {
        var file = SpecReader.Read(
            Specs.Text("- { name: a, role: decode, engineRuntimes: [{ profileName: patio, containers: [{ name: patio, args: [--more], env: [{ name: X, value: y }] }] }] }") +
            """
            ---
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: ClusterEngineRuntimeProfile
            metadata: { name: patio }
            spec:
              containers: [{ name: patio, image: patio:1, args: [run] }]
              volumes: [{ name: data, emptyDir: {} }]
            """);

        var template = file.Documents.OfType<RoleBasedGroup>().Single().Roles[0].Components[0].Template;
        Assert.Equal(["decode", "patio"], template.Containers.Select(container => container.Name));
        Assert.Equal(["run", "--more"], template.Containers[1].Args.AsEnumerable());
        Assert.Equal([new EnvVar("X", "y")], template.Containers[1].Env.AsEnumerable());
        Assert.Equal(["memory", "data"], template.Volumes.Select(volume => volume.Name));
    }

    [Fact]
    public void Version_one_is_converted_with_its_coordination()
    {
        var file = SpecReader.Read(
            """
            apiVersion: workloads.x-k8s.io/v1alpha1
            kind: RoleBasedGroup
            metadata: { name: old }
            spec:
              podGroupPolicy: { kubeScheduling: { scheduleTimeoutSeconds: 90 } }
              coordination:
              - name: pd
                roles: [prefill, decode]
                strategy: { rollingUpdate: { maxSkew: 10%, maxUnavailable: 20%, maxUnavailableTogether: 2 }, scaling: { maxSkew: 5% } }
              roles:
              - name: prefill
                workload: { apiVersion: apps/v1, kind: StatefulSet }
                rolloutStrategy: { rollingUpdate: { type: Recreate } }
                template: { spec: { containers: [{ name: c, image: i:1 }] } }
              - name: decode
                restartPolicy: None
                leaderWorkerSet: { size: 2, patchWorkerTemplate: { spec: { containers: [{ name: c, image: i:2 }] } } }
                template: { spec: { containers: [{ name: c, image: i:1 }] } }
            """);

        var group = Assert.IsType<RoleBasedGroup>(file.Documents[0]);
        var rule = Assert.IsType<CoordinatedPolicy>(file.Documents[1]).Rules[0];
        Assert.Equal(TimeSpan.FromSeconds(90), group.Gang!.Timeout);
        Assert.Equal(UpdateType.RecreatePod, group.Roles[0].Rollout.Type);
        Assert.Equal("apps/v1/StatefulSet", group.Roles[0].Annotations["rbg.workloads.x-k8s.io/role-workload-type"]);
        Assert.Equal((RolePattern.LeaderWorker, RestartPolicyType.None, "i:2"), (group.Roles[1].Pattern, group.Roles[1].Restart.Type, group.Roles[1].Components[1].Template.Containers[0].Image));
        Assert.Equal((IntOrPercent.Percent(10), ScalingProgression.OrderScheduled), (rule.Rolling!.MaxSkew!.Value, rule.Scaling!.Progression));
    }

    [Fact]
    public void The_other_kinds_are_read()
    {
        var file = SpecReader.Read(
            """
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroupSet
            metadata: { name: many }
            spec: { replicas: 3, groupTemplate: { labels: { a: b }, spec: { roles: [{ name: p, role: prefill }] } } }
            ---
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroupScalingAdapter
            metadata: { name: pd-prefill }
            spec:
              replicas: 4
              scaleTargetRef: { name: pd, role: prefill }
              autoscaling: { minReplicas: 1, maxReplicas: 8, metrics: [{ type: QueueTokens, target: 4096 }], ratio: { decode: 0.5 } }
            ---
            apiVersion: workloads.x-k8s.io/v1alpha2
            kind: RoleBasedGroupWarmup
            metadata: { name: warm }
            spec:
              policies: { parallelism: 2, backoffLimitPerNode: 0, maxFailedNodes: 1 }
              targetNodes: { nodeNames: [a, b], imagePreload: { images: [actorinference:v2] } }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: s }
            """);

        var set = (RoleBasedGroupSet)file.Documents[0];
        Assert.Equal((3, "many-2"), (set.Replicas, set.Child(2).Name));
        var adapter = (ScalingAdapter)file.Documents[1];
        Assert.Equal((4, "prefill", 8, 0.5), (adapter.Replicas, adapter.Role, adapter.Autoscaling!.MaxReplicas, adapter.Autoscaling.Ratio["decode"]));
        Assert.Equal(["actorinference:v2"], ((Warmup)file.Documents[2]).TargetNodes!.Actions.Images.AsEnumerable());
        Assert.Contains("Service of v1 is none of ours", Assert.Single(file.Warnings).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_again_as_the_same()
    {
        foreach (var path in Directory.EnumerateFiles(DeployFilesTests.Folder, "*.yaml"))
        {
            foreach (var document in SpecReader.Read(File.ReadAllText(path)).Documents)
            {
                var text = SpecWriter.Write(document);
                Assert.Equal(text, SpecWriter.Write(SpecReader.Read(text).Documents[0]));
            }
        }
    }

    [Fact]
    public void Revisions_follow_content_and_not_size_or_rollout()
    {
        var group = Specs.Group(Specs.Role("prefill", 2));
        var larger = Specs.Group(Specs.Role("prefill", 5));
        var other = Specs.Group(Specs.Role("prefill", 2, "v2"));
        var careful = Specs.Group(Specs.Role("prefill", 2, "v1", "rolloutStrategy: { rollingUpdate: { maxSurge: 1 } }"));

        Assert.Equal(SpecRevision.Of(group), SpecRevision.Of(larger));
        Assert.NotEqual(SpecRevision.Of(group), SpecRevision.Of(other));
        Assert.NotEqual(SpecRevision.Of(group.Roles[0]), SpecRevision.Of(other.Roles[0]));
        Assert.Equal(SpecRevision.Of(group.Roles[0]), SpecRevision.Of(careful.Roles[0]));
    }
}
