using System.Text.Json;
using Microsoft.JSInterop;

namespace Ops.Benchmarks.Live;

/// <summary>A browser that does nothing at once, and counts what calls into it would have cost.</summary>
internal sealed class CountingBrowser : IJSRuntime, IJSObjectReference
{
    // What the hub adds around a call: the name of the message, the number of the call, the kind of its answer.
    private const int FrameBytes = 48;
    private long bytes;

    public long Bytes => Volatile.Read(ref bytes);

    public ValueTask<TValue> InvokeAsync<TValue>(string identifier, object?[]? args)
    {
        Interlocked.Add(ref bytes, FrameBytes + identifier.Length + (args ?? []).Sum(Size));
        return ValueTask.FromResult(typeof(TValue) == typeof(IJSObjectReference) ? (TValue)(object)this : default!);
    }

    public ValueTask<TValue> InvokeAsync<TValue>(string identifier, CancellationToken cancellationToken, object?[]? args) => InvokeAsync<TValue>(identifier, args);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static int Size(object? argument) => argument switch
    {
        byte[] block => block.Length + 16,
        string text => text.Length + 2,
        Microsoft.AspNetCore.Components.ElementReference => 60,
        _ => JsonSerializer.SerializeToUtf8Bytes(argument, JsonSerializerOptions.Web).Length,
    };
}
