using System.Threading.Channels;

namespace Ops.Dashboard.Features.ModelStore.Verification;

/// <summary>Uploads that wait for verification, each once. The registry is the truth: what is lost here is found there again.</summary>
internal sealed class VerificationQueue
{
    private readonly Channel<Guid> channel = Channel.CreateUnbounded<Guid>();
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, bool> known = [];

    /// <summary>Adds an upload unless it waits already. One that is being worked on comes again afterwards.</summary>
    public void Add(Guid uploadId)
    {
        lock (gate)
        {
            if (known.TryAdd(uploadId, false))
            {
                channel.Writer.TryWrite(uploadId);
            }
            else
            {
                known[uploadId] = true;
            }
        }
    }

    /// <summary>Takes the next one; <see cref="Done"/> must follow.</summary>
    public async ValueTask<Guid> TakeAsync(CancellationToken cancellation)
    {
        var uploadId = await channel.Reader.ReadAsync(cancellation);
        lock (gate)
        {
            known[uploadId] = false;
        }

        return uploadId;
    }

    /// <summary>Ends the work on an upload.</summary>
    public void Done(Guid uploadId)
    {
        lock (gate)
        {
            if (known.Remove(uploadId, out var again) && again)
            {
                known[uploadId] = false;
                channel.Writer.TryWrite(uploadId);
            }
        }
    }
}
