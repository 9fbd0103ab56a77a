namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Keeps two dashboards from running the replicas of one folder. The system lets go of it when its holder ends, however that happens.</summary>
internal sealed class LocalTargetLock : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private readonly FileStream file;

    private LocalTargetLock(FileStream file) => this.file = file;

    /// <summary>Waits until nobody else holds it.</summary>
    /// <param name="context">Where the replicas are.</param>
    /// <param name="waiting">Called once when it has to wait, with the reason in plain words.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<LocalTargetLock> TakeAsync(LocalTargetContext context, Action<string> waiting, CancellationToken cancellation)
    {
        var path = Path.Combine(Path.GetDirectoryName(context.ReplicasRoot)!, "lock");
        var said = false;
        while (true)
        {
            try
            {
                return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
            {
                if (!said)
                {
                    said = true;
                    context.Log.LocalTargetHeldElsewhere(path, e.Message);
                    waiting("Another dashboard runs the replicas of this data folder; waiting for it to end.");
                }
            }

            await Task.Delay(Look, context.Time, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
