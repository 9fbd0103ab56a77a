namespace Ops.Testing.Runtime;

/// <summary>
/// One connection that sends requests prepared before and reads each answer only as far as it must. It blocks its thread:
/// a system call to send and one to receive is the least that a client can cost, and the client shares the machine with
/// the server it measures.
/// </summary>
internal interface IWireClient : IDisposable
{
    /// <summary>The answer's body, until the next exchange.</summary>
    ReadOnlySpan<byte> Body { get; }

    /// <summary>Sends one request and waits for its whole answer. Connects first when there is no connection.</summary>
    /// <param name="request">As <see cref="InferBodies"/> prepared it for this protocol.</param>
    /// <returns>The HTTP status; gRPC's codes as the HTTP statuses they stand for.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">There is no server, or it did not answer in time.</exception>
    /// <exception cref="IOException">The connection ended before the answer was whole.</exception>
    int Exchange(ReadOnlySpan<byte> request);

    /// <summary>Sends one request and goes away before its answer.</summary>
    void Abandon(ReadOnlySpan<byte> request);
}
