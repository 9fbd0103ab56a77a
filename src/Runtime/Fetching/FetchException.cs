namespace Ops.Runtime.Fetching;

/// <summary>What kind of trouble kept a file from being fetched.</summary>
internal enum FetchTrouble
{
    /// <summary>The content is not what was declared.</summary>
    Content,

    /// <summary>The source answered and does not give the file.</summary>
    Refused,

    /// <summary>The source was not reached, or broke off again and again.</summary>
    Unreachable,

    /// <summary>What came cannot be stored.</summary>
    Storage,
}

/// <summary>A file could not be fetched. The message is in plain words and holds no folders or addresses: people and other programs read it.</summary>
internal sealed class FetchException(FetchTrouble trouble, string message, Exception? inner = null) : Exception(message, inner)
{
    private const int DiskFull = 28;
    private const int QuotaFull = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>What kind of trouble.</summary>
    public FetchTrouble Trouble => trouble;

    /// <summary>Says that something could not be stored, and why where that is known.</summary>
    /// <param name="what">What: the beginning of a sentence.</param>
    /// <param name="exception">What the file system said.</param>
    public static FetchException Storing(string what, Exception exception) => new(
        FetchTrouble.Storage,
        $"{what} could not be stored: {(exception.HResult is DiskFull or QuotaFull or WindowsDiskFull ? "the disk is full" : "the folder cannot be written")}.",
        exception);
}
