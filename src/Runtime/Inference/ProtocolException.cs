namespace Ops.Runtime.Inference;

/// <summary>
/// A request that cannot be answered as asked. It carries the status and the words for the client, who is a stranger:
/// nothing about this machine belongs into them. Thrown deep inside the parser and turned into an answer in one place.
/// </summary>
internal sealed class ProtocolException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status to answer with.</summary>
    public int Status { get; } = status;

    /// <summary>The request is malformed or does not fit the model.</summary>
    public static ProtocolException BadRequest(string message) => new(StatusCodes.Status400BadRequest, message);

    /// <summary>The body is longer than it may be.</summary>
    public static ProtocolException TooLarge(long maxBytes) => new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {maxBytes} bytes.");
}
