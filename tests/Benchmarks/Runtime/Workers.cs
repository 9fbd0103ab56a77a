using Ops.Runtime.OnnxRuntime;
using Ops.Testing.Runtime;

namespace Ops.Benchmarks.Runtime;

/// <summary>Asks a server over a connection of its own.</summary>
internal sealed class ClientWorker(IWireClient client, byte[] request) : IWorker
{
    public bool Once() => client.Exchange(request) == 200;

    public void Dispose() => client.Dispose();
}

/// <summary>Runs the engine without any server, on tensors made once.</summary>
internal sealed class RawWorker : IWorker
{
    private static readonly int[] OnlyOutput = [0];
    private readonly OrtSession session;
    private readonly OrtTensor[] inputs;
    private readonly OrtRunOptions options = OrtRunOptions.Create();

    public RawWorker(OrtSession session, InferBodies bodies)
    {
        this.session = session;
        inputs = [OrtTensor.Allocate(OrtElementType.Float32, bodies.Shape)];
        bodies.Data.CopyTo(inputs[0].Data<float>());
    }

    /// <summary>Runs once and gives what the engine answers.</summary>
    public float[] Answer()
    {
        using var output = session.Run(options, inputs, OnlyOutput)[0];
        return output.Data<float>().ToArray();
    }

    public bool Once()
    {
        session.Run(options, inputs, OnlyOutput)[0].Dispose();
        return true;
    }

    public void Dispose()
    {
        inputs[0].Dispose();
        options.Dispose();
    }
}
