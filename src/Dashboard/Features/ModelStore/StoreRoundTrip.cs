using System.Security.Cryptography;

namespace Ops.Dashboard.Features.ModelStore;

/// <summary>Tries a store out with one small object, the way uploads use it.</summary>
internal static class StoreRoundTrip
{
    private const int Bytes = 1024;

    /// <summary>Writes an object, reads it back and deletes it.</summary>
    public static async Task<IReadOnlyList<StoreCheck>> CheckAsync(IModelStore store, CancellationToken cancellation)
    {
        var id = ObjectIds.Create();
        var bytes = RandomNumberGenerator.GetBytes(Bytes);
        List<StoreCheck> checks = [];
        var written = await TryAsync(checks, "Write an object", async () =>
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
            await TryAsync(checks, "Read it back", async () =>
            {
                await using var stream = await store.OpenReadAsync(id, cancellation);
                var read = new byte[Bytes + 1];
                var length = await stream.ReadAtLeastAsync(read, read.Length, throwOnEndOfStream: false, cancellation);
                return read.AsSpan(0, length).SequenceEqual(bytes) ? "The same bytes came back." : throw new IOException("Other bytes came back than were written.");
            });
        }
        else
        {
            checks.Add(new("Read it back", null, "Nothing was written that could be read."));
        }

        await TryAsync(checks, "Delete it", async () =>
        {
            await store.DeleteAsync(id, cancellation);
            return "It is gone.";
        });
        return checks;
    }

    /// <summary>Runs one check and adds what came of it.</summary>
    /// <param name="checks">What was tried so far.</param>
    /// <param name="name">What is tried.</param>
    /// <param name="attempt">Tries it and says what was seen; an <see cref="IOException"/> means that it does not work, in words.</param>
    /// <returns>Whether it works.</returns>
    public static async Task<bool> TryAsync(List<StoreCheck> checks, string name, Func<Task<string>> attempt)
    {
        try
        {
            checks.Add(new(name, true, await attempt()));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            checks.Add(new(name, false, exception.Message));
            return false;
        }
    }
}
