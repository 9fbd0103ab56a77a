using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes;

/// <summary>A plan as it would be sealed, to be changed by each test.</summary>
internal static class KubernetesSamples
{
    public const string Namespace = "models";
    public const string Image = "registry.example/ops/ops-runtime@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    public static readonly EndpointRef Endpoint = new(Guid.Parse("11111111-2222-3333-4444-555555555555"), "digits", Guid.Parse("99999999-2222-3333-4444-555555555555"));

    public static VersionSource Source { get; } = new(
        "onnx",
        [
            new("model.onnx", new Uri("https://store.example/model.onnx?signature=secret"), new string('a', 64), 10L << 20),
            new("labels/näme 1.txt", new Uri("http://store.example:9000/labels"), new string('b', 64), 100),
        ]);

    public static PlanSpec Plan { get; } = new()
    {
        EndpointId = Endpoint.Id,
        Endpoint = Endpoint.Name,
        TargetId = Endpoint.TargetId,
        Target = "cluster",
        Environment = TargetEnvironment.Staging,
        Model = "digits",
        VersionId = Guid.Parse("77777777-2222-3333-4444-555555555555"),
        Version = 3,
        VersionDigest = new string('c', 64),
        Replicas = 2,
        Resources = new() { CpuThreads = 2, MemoryMiB = 1024 },
        Kubernetes = new() { Namespace = Namespace, Image = Image },
    };

    public static RevisionSpec Revision(PlanSpec? plan = null, int? replicas = null, int number = 1)
    {
        plan ??= Plan;
        return new(new Guid(number, 0, 0, new byte[8]), PlanSpec.HashOf(plan.ToCanonicalJson() + number), plan, replicas ?? plan.Replicas);
    }
}
