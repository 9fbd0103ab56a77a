using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Writes what a plan becomes in its cluster, for people to read and to keep.</summary>
internal sealed class PlanYaml(PlanObjects objects)
{
    /// <summary>All objects of a plan once it has everything, without the content of secrets.</summary>
    /// <param name="plan">The plan; it need not be sealed yet.</param>
    /// <param name="planId">Its key, once it is sealed.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result<string>> WriteAsync(PlanSpec plan, Guid? planId, CancellationToken cancellation) =>
        objects.UseAsync(plan, planId, (_, made, _) => Task.FromResult(Result.Of(ObjectYaml.Write(made))), cancellation);
}
