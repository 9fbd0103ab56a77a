using System.Net;

namespace Ops.Runtime.Tests.Support;

/// <summary>Sends a body of unknown length, six bytes at a time.</summary>
internal sealed class TinyChunks(byte[] body) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var i = 0; i < body.Length; i += 6)
        {
            await stream.WriteAsync(body.AsMemory(i, Math.Min(6, body.Length - i)));
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
