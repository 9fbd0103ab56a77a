namespace Ops.Dashboard.Features.ModelStore;

/// <summary>The store has no room left. Nothing of the write counts.</summary>
internal sealed class StoreFullException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>A part had fewer or more bytes than announced. Nothing of it counts.</summary>
internal sealed class PartLengthException(string message) : IOException(message);

/// <summary>The store cannot be used right now, or not with its settings. The message says what an administrator can do; it holds no secret.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="message">The same in words.</param>
/// <param name="inner">What was seen.</param>
internal sealed class StoreUnavailableException(StoreProblem problem, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What is wrong.</summary>
    public StoreProblem Problem { get; } = problem;
}

/// <summary>Why a store cannot be used.</summary>
internal enum StoreProblem
{
    /// <summary>Nobody answers, or only with errors of the server. Trying again may work.</summary>
    Unreachable,

    /// <summary>The access key or secret is wrong, or has expired.</summary>
    Credentials,

    /// <summary>The key may not do this.</summary>
    Forbidden,

    /// <summary>There is no such bucket or repository.</summary>
    NoSuchPlace,

    /// <summary>The clocks differ too much.</summary>
    Clock,

    /// <summary>The server's certificate is not trusted.</summary>
    Certificate,

    /// <summary>The server refused the request for another reason.</summary>
    Refused,
}

/// <summary>The store does not have some parts as they were acknowledged. The others still count.</summary>
internal sealed class PartsLostException(IReadOnlyList<int> numbers, string message) : IOException(message)
{
    /// <summary>The parts that have to be sent again.</summary>
    public IReadOnlyList<int> Numbers { get; } = numbers;
}

/// <summary>An object has another length in the store than when it was written: somebody changed it there.</summary>
internal sealed class ObjectLengthException(long found, long written) : IOException($"The store has {found} bytes of an object of {written}.")
{
    /// <summary>How many bytes the store has now.</summary>
    public long FoundBytes => found;
}
