using System.Globalization;

namespace ActorInference.Control.Tests;

/// <summary>Groups to test with.</summary>
internal static class Specs
{
    /// <summary>Two roles, the second after the first.</summary>
    public static string Pair(string name, string version, int prefill = 2, int decode = 2, string extra = "") => string.Create(CultureInfo.InvariantCulture, $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: RoleBasedGroup
        metadata:
          name: {{name}}
        spec:
          roles:
          - name: prefill
            replicas: {{prefill}}
            {{extra}}
            standalonePattern:
              template:
                spec:
                  containers:
                  - name: engine
                    image: engine:{{version}}
                    ports:
                    - name: http
                      containerPort: 0
          - name: decode
            replicas: {{decode}}
            dependencies: [prefill]
            {{extra}}
            standalonePattern:
              template:
                spec:
                  containers:
                  - name: engine
                    image: engine:{{version}}
        """);

    /// <summary>Both roles in step.</summary>
    public static string Policy(string name) => $$"""
        apiVersion: workloads.x-k8s.io/v1alpha2
        kind: CoordinatedPolicy
        metadata:
          name: {{name}}
        spec:
          policies:
          - name: in-step
            roles: [prefill, decode]
            strategy:
              rollingUpdate: {maxSkew: 1%, maxUnavailable: 5%, partition: 20%}
        """;
}
