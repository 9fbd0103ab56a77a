using k8s;
using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Apply;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Makes what a plan becomes in its cluster once it has everything, for people to look at before it is so. Nothing is applied.</summary>
internal sealed class PlanObjects(IClusters clusters, WantedObjects wanted, VersionSupply supply)
{
    /// <summary>Hands the objects of a plan to somebody, in the order in which they would be applied.</summary>
    /// <param name="plan">The plan; it need not be sealed yet.</param>
    /// <param name="planId">Its key, once it is sealed.</param>
    /// <param name="use">What is done with them, and their cluster.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What that gives, or why there are no objects.</returns>
    public async Task<Result<T>> UseAsync<T>(
        PlanSpec plan, Guid? planId, Func<EndpointRef, IReadOnlyList<IKubernetesObject<V1ObjectMeta>>, ICluster, Task<Result<T>>> use, CancellationToken cancellation)
    {
        // A plan that is not sealed has no key yet. Addresses of its files are kept by key, so it gets one of its own for as long as it is looked at.
        var key = planId ?? Guid.NewGuid();
        try
        {
            var cluster = await clusters.GetAsync(plan.TargetId, cancellation);
            EndpointRef endpoint = new(plan.EndpointId, plan.Endpoint, plan.TargetId);
            var objects = await wanted.MakeAsync(endpoint, [new(key, PlanSpec.HashOf(plan.ToCanonicalJson()), plan, plan.Replicas) { IsScaled = true }], cluster, cancellation);
            return await use(endpoint, objects, cluster);
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
