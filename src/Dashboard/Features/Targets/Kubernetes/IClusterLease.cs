namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>
/// The right to change one namespace of a cluster, agreed on in that cluster itself. The registry's row keeps dashboards of one registry apart; this
/// keeps apart those that do not know of each other, such as the original and a restored copy.
/// </summary>
internal interface IClusterLease
{
    /// <summary>Whether this process may change the namespace at this moment. Also true where the account may not use Leases at all.</summary>
    bool IsHeld { get; }

    /// <summary>Takes the lease, or renews it when that is due.</summary>
    /// <param name="holder">What this process is called.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="InvalidOperationException">Somebody else has it, or the cluster does not answer; the message is for people.</exception>
    Task HoldAsync(string holder, CancellationToken cancellation);

    /// <summary>Gives it back for good, because this process stops, so that another one need not wait; nothing when it is not held.</summary>
    Task ReleaseAsync(CancellationToken cancellation);
}
