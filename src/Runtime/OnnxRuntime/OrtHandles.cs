using System.Runtime.InteropServices;

namespace Ops.Runtime.OnnxRuntime;

/// <summary>
/// Base of all objects of the engine that we own. Being safe handles, they are released once, after the last call that
/// uses them has returned, even when another thread disposes them meanwhile.
/// </summary>
internal abstract class OrtHandle() : SafeHandle(0, ownsHandle: true)
{
    public sealed override bool IsInvalid => handle == 0;

    protected OrtHandle(nint value) : this() => SetHandle(value);

    /// <summary>Keeps the object alive until the lease is disposed and gives its address.</summary>
    public Lease Use() => new(this);

    internal readonly ref struct Lease
    {
        private readonly OrtHandle owner;

        public Lease(OrtHandle owner)
        {
            var added = false;
            owner.DangerousAddRef(ref added);
            this.owner = owner;
        }

        public nint Value => owner.handle;

        public void Dispose() => owner.DangerousRelease();
    }
}

internal sealed class OrtEnvHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseEnv(handle);
        return true;
    }
}

/// <summary>Holds its environment too: a session runs on the environment's threads, so those must outlive it.</summary>
internal sealed class OrtSessionHandle : OrtHandle
{
    private readonly OrtEnvHandle environment;

    public OrtSessionHandle(nint value, OrtEnvHandle environment) : base(value)
    {
        var added = false;
        environment.DangerousAddRef(ref added);
        this.environment = environment;
    }

    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseSession(handle);
        environment.DangerousRelease();
        return true;
    }
}

internal sealed class OrtSessionOptionsHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseSessionOptions(handle);
        return true;
    }
}

internal sealed class OrtThreadingOptionsHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseThreadingOptions(handle);
        return true;
    }
}

internal sealed class OrtMemoryInfoHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseMemoryInfo(handle);
        return true;
    }
}

internal sealed class OrtValueHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseValue(handle);
        return true;
    }
}

internal sealed class OrtRunOptionsHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseRunOptions(handle);
        return true;
    }
}

internal sealed class OrtTypeInfoHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseTypeInfo(handle);
        return true;
    }
}

internal sealed class OrtShapeInfoHandle(nint value) : OrtHandle(value)
{
    protected override unsafe bool ReleaseHandle()
    {
        OrtApi.ReleaseTensorTypeAndShapeInfo(handle);
        return true;
    }
}
