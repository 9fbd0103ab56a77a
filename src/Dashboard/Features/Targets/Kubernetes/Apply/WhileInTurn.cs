namespace Ops.Dashboard.Features.Targets.Kubernetes.Apply;

/// <summary>
/// Gives up what is under way once this process may not act any more. Asking before a request is not enough: one that the cluster is too busy for is
/// sent again for up to two minutes.
/// </summary>
internal sealed class WhileInTurn : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private readonly ITurn turn;
    private readonly CancellationToken asked;
    private readonly CancellationTokenSource over;
    private readonly ITimer timer;

    /// <param name="turn">The right to act.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up for another reason.</param>
    public WhileInTurn(ITurn turn, TimeProvider time, CancellationToken cancellation)
    {
        (this.turn, asked) = (turn, cancellation);
        over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer = time.CreateTimer(static state => ((WhileInTurn)state!).Look(), this, Every, Every);
    }

    /// <summary>Is cancelled when the turn is over, or with what was given.</summary>
    public CancellationToken Token => over.Token;

    /// <summary>Whether the turn was over, and nobody gave up for another reason.</summary>
    public bool IsOver => over.IsCancellationRequested && !asked.IsCancellationRequested;

    /// <inheritdoc/>
    public void Dispose()
    {
        timer.Dispose();
        over.Dispose();
    }

    private void Look()
    {
        try
        {
            if (!turn.IsHeld)
            {
                over.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The pass has ended in this moment.
        }
    }
}
