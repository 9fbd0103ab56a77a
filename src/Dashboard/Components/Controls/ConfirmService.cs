namespace Ops.Dashboard.Components.Controls;

/// <summary>Asks the person before something happens. One question at a time; a second one waits for the first answer.</summary>
public sealed class ConfirmService
{
    private readonly Queue<(Confirmation Question, TaskCompletionSource<ConfirmationAnswer> Answer)> waiting = new();

    /// <summary>The question on the screen, or null.</summary>
    internal Confirmation? Current => waiting.TryPeek(out var first) ? first.Question : null;

    /// <summary>Raised when <see cref="Current"/> has changed.</summary>
    internal event Action? Changed;

    /// <summary>Asks and waits for the answer. Call it on the circuit's dispatcher, as in an event handler.</summary>
    public Task<ConfirmationAnswer> AskAsync(Confirmation confirmation)
    {
        ArgumentNullException.ThrowIfNull(confirmation);
        var answer = new TaskCompletionSource<ConfirmationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue((confirmation, answer));
        if (waiting.Count == 1)
        {
            Changed?.Invoke();
        }

        return answer.Task;
    }

    internal void Answer(ConfirmationAnswer answer)
    {
        if (waiting.TryDequeue(out var first))
        {
            first.Answer.TrySetResult(answer);
            Changed?.Invoke();
        }
    }
}
