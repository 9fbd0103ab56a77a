using System.Diagnostics;
using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Inference;

/// <summary>Takes a parsed request through its model, whatever protocol it came by: admission, queue, run.</summary>
internal sealed class InferencePipeline(RuntimeState state, RequestsInFlight inFlight)
{
    /// <summary>Says before anything is read whether the model takes requests now.</summary>
    /// <param name="model">Null when there is none by that name and version.</param>
    /// <returns>What the model expects.</returns>
    /// <exception cref="ProtocolException">It takes none: 404 unknown, 503 not ready, stopping or its queue is full.</exception>
    public ModelSignature Admit(ServedModel? model)
    {
        if (model is null)
        {
            throw new ProtocolException(StatusCodes.Status404NotFound, "There is no such model or version.");
        }

        var signature = model.Signature;
        if (signature is null || state.IsRefusing)
        {
            throw Unavailable(ModelEndpoints.WhyNotReady(model, state) ?? "The server is stopping.");
        }

        return model.Queue.IsFull ? throw QueueFull() : signature;
    }

    /// <summary>Waits for a turn and runs the model.</summary>
    /// <param name="model">An admitted model.</param>
    /// <param name="signature">Its signature, as <see cref="Admit"/> gave it.</param>
    /// <param name="request">What to run; the caller keeps it until the result is there, and disposes it.</param>
    /// <param name="aborted">Set when the client went away: the run ends after its current operator.</param>
    /// <returns>The outputs in the order asked for; the caller disposes them.</returns>
    /// <exception cref="ProtocolException">503: the queue is full or the process must end.</exception>
    /// <exception cref="OrtException">The run failed.</exception>
    public async Task<InferResult> RunAsync(ServedModel model, ModelSignature signature, InferRequest request, CancellationToken aborted)
    {
        var waited = await model.Queue.EnterAsync(aborted) ?? throw QueueFull();
        try
        {
            model.Metrics.QueueDuration.Observe(waited);
            var start = Stopwatch.GetTimestamp();
            using var options = OrtRunOptions.Create();
            // A client that goes away stops its run after the current operator, and so does a process that must end.
            await using var whenAborted = aborted.UnsafeRegister(static o => ((OrtRunOptions)o!).Terminate(), options);
            await using var whenCut = inFlight.Cut.UnsafeRegister(static o => ((OrtRunOptions)o!).Terminate(), options);
            var outputs = signature.Session.Run(options, request.Inputs, Array.ConvertAll(request.Outputs, o => o.Index));
            model.Metrics.RunDuration.Observe(Stopwatch.GetElapsedTime(start));
            return new InferResult(outputs);
        }
        catch (OrtException) when (inFlight.Cut.IsCancellationRequested)
        {
            throw Unavailable("The server is stopping.");
        }
        finally
        {
            model.Queue.Release();
        }
    }

    private static ProtocolException QueueFull() => Unavailable("Too many requests are waiting for this model.");

    private static ProtocolException Unavailable(string reason) => new(StatusCodes.Status503ServiceUnavailable, reason);
}
