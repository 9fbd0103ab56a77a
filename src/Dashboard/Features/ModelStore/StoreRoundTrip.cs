using System.Security.Cryptography;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>Tries a store out with one small object, the way uploads use it.</summary>
internal static class StoreRoundTrip
{
    private const int Bytes = 1024;

    /// <summary>Writes an object, reads it back and deletes it.</summary>
    public static async Task CheckAsync(IModelStore store, StoreCheckRun run, CancellationToken cancellation)
    {
        var id = ObjectIds.Create();
        var bytes = RandomNumberGenerator.GetBytes(Bytes);
        var written = await run.TryAsync("Write an object", async () =>
        {
            var unfinished = await store.BeginAsync(id, Bytes, cancellation);
            using var content = new MemoryStream(bytes);
            var part = await store.WritePartAsync(unfinished, unfinished.Part(1), content, cancellation);
            await store.AssembleAsync(unfinished, [new(1, Bytes, part.Sha256, part.Receipt)], cancellation);
            await store.CompleteAsync(id, cancellation);
            return $"An object of {Bytes} bytes was written.";
        });
        if (written)
        {
            await run.TryAsync("Read it back", async () =>
            {
                await using var stream = await store.OpenReadAsync(id, cancellation);
                var read = new byte[Bytes + 1];
                var length = await stream.ReadAtLeastAsync(read, read.Length, throwOnEndOfStream: false, cancellation);
                return read.AsSpan(0, length).SequenceEqual(bytes) ? "The same bytes came back." : throw new IOException("Other bytes came back than were written.");
            });
        }
        else
        {
            run.Add(new("Read it back", null, "Nothing was written that could be read."));
        }

        await run.TryAsync("Delete it", async () =>
        {
            await store.DeleteAsync(id, cancellation);
            return "It is gone.";
        });
    }
}
