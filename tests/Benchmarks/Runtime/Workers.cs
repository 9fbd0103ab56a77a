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
    private readonly OrtTensor[] outputs;
    private readonly OrtRunOptions options = OrtRunOptions.Create();

    /// <param name="session">The model.</param>
    /// <param name="bodies">One request.</param>
    /// <param name="batch">How many times over it is run at once.</param>
    public RawWorker(OrtSession session, InferBodies bodies, int batch = 1)
    {
        this.session = session;
        inputs = [OrtTensor.Allocate(OrtElementType.Float32, [bodies.Shape[0] * batch, .. bodies.Shape[1..]])];
        var elements = inputs[0].Data<float>();
        for (var i = 0; i < batch; i++)
        {
            bodies.Data.CopyTo(elements[(i * bodies.Data.Length)..]);
        }

        outputs = session.Run(options, inputs, OnlyOutput);
    }

    /// <summary>Runs once and gives what the engine answers.</summary>
    public float[] Answer()
    {
        Once();
        return outputs[0].Data<float>().ToArray();
    }

    public bool Once()
    {
        session.Run(options, inputs, OnlyOutput, outputs);
        return true;
    }

    public void Dispose()
    {
        inputs[0].Dispose();
        outputs[0].Dispose();
        options.Dispose();
    }
}
