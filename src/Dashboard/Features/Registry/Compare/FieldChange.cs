namespace Ops.Dashboard.Features.Registry.Compare;

/// <summary>One difference: a side is null where the thing is not there.</summary>
/// <param name="What">What differs.</param>
/// <param name="Before">How it was.</param>
/// <param name="After">How it is.</param>
public sealed record FieldChange(string What, string? Before, string? After);

/// <summary>The differences of one kind.</summary>
/// <param name="Title">What kind.</param>
/// <param name="Changes">The differences; empty when there are none.</param>
/// <param name="Same">How many things of this kind are the same on both sides.</param>
public sealed record DiffSection(string Title, IReadOnlyList<FieldChange> Changes, int Same);

/// <summary>Everything in which two versions differ.</summary>
/// <param name="SameBytes">The files are the same to the last bit.</param>
/// <param name="Sections">The differences by kind, the most important first.</param>
/// <param name="Breaks">Why a client of the first version cannot talk to the second one unchanged, in plain words; empty when it can; null when the signatures are not known.</param>
public sealed record VersionDifference(bool SameBytes, IReadOnlyList<DiffSection> Sections, IReadOnlyList<string>? Breaks);
