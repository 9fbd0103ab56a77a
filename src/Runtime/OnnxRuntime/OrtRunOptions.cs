namespace Ops.Runtime.OnnxRuntime;

/// <summary>Lets one run be stopped from another thread. For a single run: a terminated one stays terminated.</summary>
internal sealed unsafe class OrtRunOptions : IDisposable
{
    private OrtRunOptions(OrtRunOptionsHandle handle) => Handle = handle;

    internal OrtRunOptionsHandle Handle { get; }

    /// <summary>Whether the run was asked to stop.</summary>
    public bool IsTerminated { get; private set; }

    public static OrtRunOptions Create()
    {
        nint options = 0;
        OrtApi.Check(OrtApi.CreateRunOptions(&options));
        return new OrtRunOptions(new OrtRunOptionsHandle(options));
    }

    /// <summary>Asks the run to stop after its current operator; the run then fails with <see cref="OrtErrorCode.Fail"/>.</summary>
    public void Terminate()
    {
        IsTerminated = true;
        using var lease = Handle.Use();
        OrtApi.Check(OrtApi.RunOptionsSetTerminate(lease.Value));
    }

    public void Dispose() => Handle.Dispose();
}
