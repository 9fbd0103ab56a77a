namespace Ops.Runtime.Models;

/// <summary>Orders versions so that 10 comes after 9; numbers come after other words, which are ordered by their characters.</summary>
internal sealed class VersionComparer : IComparer<string>
{
    public static readonly VersionComparer Instance = new();

    public int Compare(string? x, string? y)
    {
        var xIsNumber = ulong.TryParse(x, out var a);
        var yIsNumber = ulong.TryParse(y, out var b);
        return (xIsNumber, yIsNumber) switch
        {
            (true, true) => a.CompareTo(b),
            (true, false) => 1,
            (false, true) => -1,
            _ => string.CompareOrdinal(x, y),
        };
    }
}
