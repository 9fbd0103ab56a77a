namespace Ops.Runtime.OnnxRuntime;

/// <content>How runs keep the model alive.</content>
internal sealed partial class OrtSession
{
    private void Leave()
    {
        if (Interlocked.Decrement(ref leases) == 0)
        {
            session.Dispose();
        }
    }

    /// <summary>Keeps the session and the run's options alive during a run.</summary>
    private readonly ref struct Lease
    {
        private readonly OrtSession owner;
        private readonly OrtRunOptions options;

        public Lease(OrtSession owner, OrtRunOptions options)
        {
            // The package passes on the raw handle, so the options must not be released under a run.
            var added = false;
            options.Value.DangerousAddRef(ref added);
            int current;
            do
            {
                current = Volatile.Read(ref owner.leases);
                if (current == 0 || Volatile.Read(ref owner.disposed) != 0)
                {
                    options.Value.DangerousRelease();
                    throw new ObjectDisposedException(nameof(OrtSession));
                }
            }
            while (Interlocked.CompareExchange(ref owner.leases, current + 1, current) != current);
            (this.owner, this.options) = (owner, options);
        }

        public void Dispose()
        {
            owner.Leave();
            options.Value.DangerousRelease();
        }
    }
}
