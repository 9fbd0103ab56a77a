using System.Net;

namespace Ops.Benchmarks.Uploads;

/// <summary>A slice of a file as a request body, read while it is sent.</summary>
internal sealed class PartContent(string path, long offset, long length) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        file.Position = offset;
        var buffer = new byte[256 * 1024];
        for (var left = length; left > 0;)
        {
            var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)));
            await stream.WriteAsync(buffer.AsMemory(0, read));
            left -= read;
        }
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }
}
