using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Writes what a plan becomes in its cluster, for people to read and to keep. Nothing is applied.</summary>
internal sealed class PlanYaml(IClusters clusters, WantedObjects wanted, VersionSupply supply)
{
    /// <summary>All objects of a plan once it has everything, without the content of secrets.</summary>
    /// <param name="plan">The plan; it need not be sealed yet.</param>
    /// <param name="planId">Its key, once it is sealed.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Result<string>> WriteAsync(PlanSpec plan, Guid? planId, CancellationToken cancellation)
    {
        // A plan that is not sealed has no key yet. Addresses of its files are kept by key, so it gets one of its own for as long as it is written.
        var key = planId ?? Guid.NewGuid();
        try
        {
            var cluster = await clusters.GetAsync(plan.TargetId, cancellation);
            EndpointRef endpoint = new(plan.EndpointId, plan.Endpoint, plan.TargetId);
            var objects = await wanted.MakeAsync(endpoint, [new(key, PlanSpec.HashOf(plan.ToCanonicalJson()), plan, plan.Replicas)], cluster, cancellation);
            return ObjectYaml.Write(objects);
        }
        catch (InvalidOperationException refused)
        {
            return Failure.Unavailable(refused.Message);
        }
        finally
        {
            if (planId is null)
            {
                supply.Forget(key);
            }
        }
    }
}
