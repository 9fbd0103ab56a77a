using System.Threading.Channels;
using Grpc.Core;
using Ops.Runtime.Grpc.Protocol;
using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Grpc;

/// <summary>
/// Answers a stream of inference requests in the order they came. Some run at the same time; a request that fails is
/// answered with its error and the stream goes on.
/// </summary>
internal sealed class InferStream(InferMethod infer, RuntimeState state)
{
    /// <summary>How many requests of a stream may be on their way at once. A client that sends more waits.</summary>
    private const int Ahead = 8;

    /// <summary>Answers until the client has no more requests.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: the process stops; what came before was answered.</exception>
    public async Task AnswerAsync(IAsyncStreamReader<InferCall> requests, IServerStreamWriter<GrpcAnswer<ModelStreamInferResponse>> responses, ServerCallContext context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, state.Refusing);
        var answers = Channel.CreateBounded<Task<GrpcAnswer<ModelStreamInferResponse>>>(
            new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync(requests, answers.Writer, context, stop.Token);
        try
        {
            await foreach (var answer in answers.Reader.ReadAllAsync(CancellationToken.None))
            {
                // Written, it is disposed already; but the client may be gone before that.
                using var sent = await answer;
                await responses.WriteAsync(sent);
            }
        }
        finally
        {
            await stop.CancelAsync();
            // Emptied before the reading is waited for, since that may itself be waiting for room.
            await DropAsync(answers.Reader);
            await reading;
        }

        if (!await reading && state.IsRefusing)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The server is stopping."));
        }
    }

    /// <summary>Lets go of answers that nobody takes any more, until there will be no further ones.</summary>
    private static async Task DropAsync(ChannelReader<Task<GrpcAnswer<ModelStreamInferResponse>>> answers)
    {
        try
        {
            await foreach (var unsent in answers.ReadAllAsync(CancellationToken.None))
            {
                (await unsent).Dispose();
            }
        }
        catch (Exception) when (answers.Completion.IsFaulted)
        {
            // What ended the reading was thrown where the answers were sent.
        }
    }

    /// <returns>Whether the client has no more requests.</returns>
    private async Task<bool> ReadAsync(IAsyncStreamReader<InferCall> requests, ChannelWriter<Task<GrpcAnswer<ModelStreamInferResponse>>> answers, ServerCallContext context, CancellationToken stop)
    {
        try
        {
            while (await requests.MoveNext(stop))
            {
                var call = requests.Current;
                await answers.WaitToWriteAsync(CancellationToken.None);
                // On a thread of its own: a run keeps the thread that starts it, and the next request should not wait.
                answers.TryWrite(Task.Run(() => AnswerAsync(call, context), CancellationToken.None));
            }

            answers.Complete();
            return true;
        }
#pragma warning disable CA1031 // The other end of the channel throws it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            answers.Complete(exception is OperationCanceledException ? null : exception);
            return false;
        }
    }

    private async Task<GrpcAnswer<ModelStreamInferResponse>> AnswerAsync(InferCall call, ServerCallContext context)
    {
        try
        {
            var answer = await infer.AnswerAsync(call, context);
            return new GrpcAnswer<ModelStreamInferResponse>(new ModelStreamInferResponse { InferResponse = answer.Message }, answer);
        }
        catch (RpcException exception)
        {
            return new GrpcAnswer<ModelStreamInferResponse>(new ModelStreamInferResponse
            {
                ErrorMessage = exception.Status.Detail,
                InferResponse = new ModelInferResponse { Id = call.Message.Id },
            });
        }
    }
}
