using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>Writes what a plan becomes in its cluster, for people to read and to keep.</summary>
internal sealed class PlanYaml(PlanObjects objects)
{
    /// <summary>All objects of a plan once it has everything, without the content of its Secret, and at the head what that means.</summary>
    /// <param name="plan">The plan; it need not be sealed yet.</param>
    /// <param name="planId">Its key, once it is sealed.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<Result<string>> WriteAsync(PlanSpec plan, Guid? planId, CancellationToken cancellation) => objects.UseAsync(
        plan, planId, (_, made, cluster) => Task.FromResult(Result.Of(Head(plan, made.OfType<V1Secret>().Select(s => s.Metadata.Name), cluster.Settings.Namespace) + ObjectYaml.Write(made))), cancellation);

    // Whoever finds the file in a repository has not read the page that it came from.
    private static string Head(PlanSpec plan, IEnumerable<string> secrets, string ns) =>
        $"""
        # {plan.Endpoint}: {plan.Model} {plan.Version} in the namespace {ns}, as Ops applies it once everything goes to this version.
        #
        # The Secret {string.Join(", ", secrets)} is empty here. What belongs in it are addresses of the version's files, which work for 12 hours.
        # Ops fills it when the plan is rolled out and renews it for as long as it runs. Applied without Ops, the pods do not start:
        # they wait for the key {RevisionFiles.Manifest} of that Secret. So
        # - roll the plan out with Ops, and leave the Secret out of the repository: a tool that applies it as it stands here takes its content away;
        # - or fill that key yourself with what the command fetch reads, with addresses of your own that last (docs/runtime.md, "Fetching without serving").

        """;
}
