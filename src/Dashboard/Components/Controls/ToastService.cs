namespace Ops.Dashboard.Components.Controls;

/// <summary>Messages in the corner of one circuit. They leave by themselves, except critical ones, which wait to be closed.</summary>
public sealed class ToastService(TimeProvider time) : IDisposable
{
    private const int MostShown = 5;
    private static readonly TimeSpan Shown = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan ShownWithAction = TimeSpan.FromSeconds(12);
    private readonly Lock gate = new();
    private readonly List<Toast> toasts = [];
    private readonly Dictionary<int, ITimer> timers = [];
    private int lastId;

    /// <summary>Raised, on no particular thread, when <see cref="Current"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>What is shown, oldest first.</summary>
    public IReadOnlyList<Toast> Current
    {
        get
        {
            lock (gate)
            {
                return [.. toasts];
            }
        }
    }

    /// <summary>Shows a message; with an action also a button, for instance to undo what was done.</summary>
    public void Show(State state, string text, string? actionLabel = null, Func<Task>? action = null)
    {
        lock (gate)
        {
            var toast = new Toast(++lastId, state, text, action is null ? null : actionLabel ?? "Undo", action);
            toasts.Add(toast);
            if (toasts.Count > MostShown)
            {
                RemoveLocked(toasts[0].Id);
            }

            if (state != State.Critical)
            {
                timers[toast.Id] = time.CreateTimer(_ => Close(toast.Id), null, action is null ? Shown : ShownWithAction, Timeout.InfiniteTimeSpan);
            }
        }

        Changed?.Invoke();
    }

    /// <summary>Says that something worked, with the way back where there is one.</summary>
    public void Done(string text, Func<Task>? undo = null) => Show(State.Ok, text, undo is null ? null : "Undo", undo);

    /// <summary>Says that something failed; stays until it is closed.</summary>
    public void Failed(string text) => Show(State.Critical, text);

    /// <summary>Takes a message away.</summary>
    public void Close(int id)
    {
        bool removed;
        lock (gate)
        {
            removed = RemoveLocked(id);
        }

        if (removed)
        {
            Changed?.Invoke();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var timer in timers.Values)
            {
                timer.Dispose();
            }

            timers.Clear();
            toasts.Clear();
        }
    }

    private bool RemoveLocked(int id)
    {
        if (timers.Remove(id, out var timer))
        {
            timer.Dispose();
        }

        return toasts.RemoveAll(toast => toast.Id == id) > 0;
    }
}
