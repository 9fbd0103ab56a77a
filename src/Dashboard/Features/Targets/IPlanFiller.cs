using Ops.Data;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets;

/// <summary>A driver whose plans hold something that only its kind of target knows.</summary>
internal interface IPlanFiller
{
    /// <summary>Fills in and checks that part of a plan before it is sealed.</summary>
    /// <param name="target">The target.</param>
    /// <param name="plan">The plan with what people chose; what is the target's to say is replaced.</param>
    /// <param name="sizeBytes">The size of its version's files.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<PlanSpec>> FillAsync(Target target, PlanSpec plan, long sizeBytes, CancellationToken cancellation);

    /// <summary>Checks whether nodes take a plan.</summary>
    /// <param name="plan">The plan, filled in.</param>
    /// <param name="inventory">The target with the nodes that come into question.</param>
    /// <param name="runs">Whether the endpoint runs there already, so that room becomes free on the way.</param>
    /// <returns>Why none takes it, as a failure; or what to know, empty when nothing.</returns>
    Result<IReadOnlyList<string>> CheckNodes(PlanSpec plan, TargetInventory inventory, bool runs);

    /// <summary>Checks whether a plan that was sealed before may begin on what the target says now. A target that cannot be asked refuses nothing.</summary>
    /// <param name="target">The target.</param>
    /// <param name="plan">The plan; what of it runs already goes on in any case.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result> CheckSealedAsync(Target target, Plan plan, CancellationToken cancellation);
}
