namespace Ops.Dashboard.Features.ModelStore;

/// <summary>One thing that was tried of a store.</summary>
/// <param name="Name">What, in a few words, such as <c>Write an object</c>.</param>
/// <param name="Passed">Whether it works; null when it was not tried, which the message explains.</param>
/// <param name="Message">What was seen, and on a failure what to do about it. Never a secret.</param>
public sealed record StoreCheck(string Name, bool? Passed, string Message);

/// <summary>Gathers what is tried of a store, and tells of each check as soon as it is done: some take long.</summary>
/// <param name="told">Is told, on the thread that tries.</param>
internal sealed class StoreCheckRun(Action<StoreCheck>? told = null)
{
    private readonly List<StoreCheck> checks = [];

    /// <summary>Everything up to now, in order.</summary>
    public IReadOnlyList<StoreCheck> Checks => checks;

    /// <summary>Whether something does not work.</summary>
    public bool HasFailed => checks.Exists(check => check.Passed == false);

    /// <summary>Adds a check that is done.</summary>
    public void Add(StoreCheck check)
    {
        checks.Add(check);
        told?.Invoke(check);
    }

    /// <summary>Runs one check and adds what came of it.</summary>
    /// <param name="name">What is tried.</param>
    /// <param name="attempt">Tries it and says what was seen; an <see cref="IOException"/> means that it does not work, in words.</param>
    /// <returns>Whether it works.</returns>
    public async Task<bool> TryAsync(string name, Func<Task<string>> attempt)
    {
        StoreCheck check;
        try
        {
            check = new(name, true, await attempt());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            check = new(name, false, exception.Message);
        }

        Add(check);
        return check.Passed == true;
    }
}
