using Microsoft.ML.OnnxRuntime;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>Lets one run be stopped from another thread. For a single run: a terminated one stays terminated.</summary>
internal sealed class OrtRunOptions : IDisposable
{
    private readonly Lock gate = new();
    private bool disposed;
    private bool terminated;

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

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Value.Dispose();
        }
    }
}
