namespace Ops.Dashboard.Features.ModelStore;

/// <summary>One thing that was tried of a store.</summary>
/// <param name="Name">What, in a few words, such as <c>Write an object</c>.</param>
/// <param name="Passed">Whether it works; null when it was not tried, which the message explains.</param>
/// <param name="Message">What was seen, and on a failure what to do about it. Never a secret.</param>
public sealed record StoreCheck(string Name, bool? Passed, string Message);
