using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Bounds what the bodies and tensors of all requests together hold, so that a crowd of large requests is turned
/// away instead of ending the process.</summary>
/// <param name="maxBytes">For all requests together.</param>
/// <param name="maxTensorBytes">For one tensor.</param>
internal sealed class MemoryBudget(long maxBytes, long maxTensorBytes)
{
    private long inUse;

    public MemoryBudget(IOptions<RuntimeOptions> options)
        : this(options.Value.MaxBytesInFlight, options.Value.MaxTensorBytes)
    {
    }

    /// <summary>Bytes that requests hold now.</summary>
    public long InUse => Interlocked.Read(ref inUse);

    /// <summary>The largest tensor in bytes.</summary>
    public long MaxTensorBytes => maxTensorBytes;

    /// <summary>Opens an account for one request; disposing it gives everything back.</summary>
    public RequestMemory Open() => new(this);

    /// <exception cref="ProtocolException">413: never possible; 503: not possible now.</exception>
    internal void Take(long bytes, long already)
    {
        if (bytes > maxBytes - already)
        {
            throw new ProtocolException(StatusCodes.Status413PayloadTooLarge, $"The request needs more than the {maxBytes} bytes that all requests together may hold.");
        }

        if (Interlocked.Add(ref inUse, bytes) > maxBytes)
        {
            Interlocked.Add(ref inUse, -bytes);
            throw new ProtocolException(StatusCodes.Status503ServiceUnavailable, "The requests being answered hold all the memory there is for requests.");
        }
    }

    /// <summary>Counts what is there already, so that the next request is turned away sooner.</summary>
    internal void Add(long bytes) => Interlocked.Add(ref inUse, bytes);

    internal void Return(long bytes) => Interlocked.Add(ref inUse, -bytes);
}

/// <summary>What one request holds of the <see cref="MemoryBudget"/>. Used by one thread at a time.</summary>
internal sealed class RequestMemory : IDisposable
{
    /// <summary>What the engine keeps for a string beside its bytes.</summary>
    private const int BytesPerString = 32;

    private readonly MemoryBudget budget;
    private long body;
    private long tensors;

    internal RequestMemory(MemoryBudget budget) => this.budget = budget;

    /// <summary>Counts a body of this length, before it is read as far as it is known.</summary>
    /// <exception cref="ProtocolException">413 or 503: there is not so much.</exception>
    public void GrowBodyTo(long bytes)
    {
        if (bytes > body)
        {
            budget.Take(bytes - body, body + tensors);
            body = bytes;
        }
    }

    /// <summary>The body is no longer held; the tensors made from it are.</summary>
    public void ReturnBody()
    {
        budget.Return(body);
        body = 0;
    }

    /// <summary>Counts a tensor before memory is taken for it.</summary>
    /// <param name="input">Whose tensor it is.</param>
    /// <param name="count">Its elements.</param>
    /// <param name="inBody">Whether the body's bytes become the tensor's, so that they are counted already.</param>
    /// <returns><paramref name="count"/>, which is now known to be small enough for an array.</returns>
    /// <exception cref="ProtocolException">413 or 503: it is too large, or there is not so much.</exception>
    public int TakeTensor(OrtTensorInfo input, long count, bool inBody = false)
    {
        var size = input.ElementType.Size();
        var perElement = size == 0 ? BytesPerString : size;
        if (count > Math.Min(budget.MaxTensorBytes, int.MaxValue) / perElement)
        {
            throw new ProtocolException(StatusCodes.Status413PayloadTooLarge, $"The tensor of input '{input.Name}' is larger than {budget.MaxTensorBytes} bytes.");
        }

        if (!inBody || size == 0)
        {
            var bytes = count * perElement;
            budget.Take(bytes, body + tensors);
            tensors += bytes;
        }

        return (int)count;
    }

    /// <summary>Counts a tensor that was made of another input's elements, which is bounded where it is made.</summary>
    /// <returns>The tensor.</returns>
    public OrtTensor Added(OrtTensor tensor)
    {
        AddOutputs([OutputView.Of(tensor)]);
        return tensor;
    }

    /// <summary>Counts outputs, whose size only the run could tell.</summary>
    public void AddOutputs(ReadOnlySpan<OutputView> outputs)
    {
        foreach (var output in outputs)
        {
            var bytes = output.ElementCount * (output.ElementType.Size() is > 0 and var size ? size : BytesPerString);
            budget.Add(bytes);
            tensors += bytes;
        }
    }

    public void Dispose()
    {
        budget.Return(body + tensors);
        body = tensors = 0;
    }
}
