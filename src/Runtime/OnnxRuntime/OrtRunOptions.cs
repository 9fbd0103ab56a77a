using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>Lets a run be stopped from another thread. May serve one run after the other until it is terminated, which it
/// then stays.</summary>
internal sealed class OrtRunOptions : IDisposable
{
    private readonly Lock gate = new();
    private bool disposed;
    private bool terminated;
    private string shrinking = string.Empty;

    private OrtRunOptions(RunOptions value) => Value = value;

    internal RunOptions Value { get; }

    /// <summary>Whether the run was asked to stop.</summary>
    public bool IsTerminated => Volatile.Read(ref terminated);

    public static OrtRunOptions Create() => OrtException.Translate(static () => new OrtRunOptions(new RunOptions()));

    /// <summary>Asks the run to stop after its current operator; the run then fails with <see cref="OrtErrorCode.Fail"/>.
    /// After <see cref="Dispose"/> there is no run left to stop, and this does nothing.</summary>
    public void Terminate()
    {
        // The package reads the raw handle, so a stop must not meet a dispose.
        lock (gate)
        {
            if (!disposed)
            {
                Volatile.Write(ref terminated, true);
                Value.Terminate = true;
            }
        }
    }

    /// <summary>Says whose arenas the next run gives the surplus of back.</summary>
    /// <param name="devices">For instance <c>cpu:0;gpu:0</c>; empty for none.</param>
    internal void Shrink(string devices)
    {
        if (devices != shrinking)
        {
            shrinking = devices;
            Value.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", devices);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Value.Dispose();
        }
    }
}
