using Ops.Runtime.Lifecycle;
using Ops.Runtime.Models;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Inference;

/// <summary>Takes a parsed request through its model, whatever protocol it came by: admission, queue, run.</summary>
internal sealed class InferencePipeline(RuntimeState state)
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
            throw Refusals.Unavailable(ModelEndpoints.WhyNotReady(model, state) ?? "The server is stopping.");
        }

        return model.Scheduler.IsFull ? throw Refusals.QueueFull() : signature;
    }

    /// <summary>Runs the model when the request's turn comes.</summary>
    /// <param name="model">An admitted model.</param>
    /// <param name="signature">Its signature, as <see cref="Admit"/> gave it.</param>
    /// <param name="request">What to run; the caller keeps it until the task is over, and disposes it.</param>
    /// <param name="aborted">Set when the client went away.</param>
    /// <returns>The outputs in the order asked for; the caller disposes them.</returns>
    /// <exception cref="ProtocolException">503: the queue is full, its time in it ran out, or the process must end.</exception>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    /// <exception cref="OnnxRuntime.OrtException">The run failed.</exception>
#pragma warning disable CA1822 // Every protocol goes through the pipeline, whatever of it needs the pipeline's state.
    public ValueTask<InferResult> RunAsync(ServedModel model, ModelSignature signature, InferRequest request, CancellationToken aborted) =>
        signature.IsPostprocessed ? RunAndPostprocessAsync(model, signature, request, aborted) : model.Scheduler.RunAsync(request, aborted);
#pragma warning restore CA1822

    private static async ValueTask<InferResult> RunAndPostprocessAsync(ServedModel model, ModelSignature signature, InferRequest request, CancellationToken aborted)
    {
        // The scheduler knows only the outputs of the session. Its request borrows the tensors of this one.
        var computes = request with { Outputs = Array.ConvertAll(signature.SessionOutputs(request.Outputs), i => new RequestedOutput(i)) };
        var computed = await model.Scheduler.RunAsync(computes, aborted);
        return signature.Postprocess(request.Outputs, computed);
    }
}
