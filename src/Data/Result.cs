using System.Diagnostics.CodeAnalysis;

namespace Ops.Data;

/// <summary>Why something expected did not happen.</summary>
public enum FailureKind
{
    /// <summary>The input is wrong; the message says what to change. HTTP 400.</summary>
    Invalid,

    /// <summary>The thing does not exist, or the caller may not know that it does. HTTP 404.</summary>
    NotFound,

    /// <summary>The caller lacks the right. HTTP 403, and an audit entry.</summary>
    Forbidden,

    /// <summary>The state changed or does not allow it. HTTP 409.</summary>
    Conflict,

    /// <summary>Something this depends on is down; trying again may work. HTTP 503.</summary>
    Unavailable,
}

/// <summary>An expected failure, in words for the person who asked.</summary>
/// <param name="Kind">What sort of failure it is.</param>
/// <param name="Message">A plain sentence that says what is wrong and, where possible, what to do.</param>
/// <param name="Field">The name of the input at fault, so that a form can show it beside the field.</param>
public sealed record Failure(FailureKind Kind, string Message, string? Field = null)
{
    /// <summary>The input is wrong.</summary>
    public static Failure Invalid(string message, string? field = null) => new(FailureKind.Invalid, message, field);

    /// <summary>The thing does not exist.</summary>
    public static Failure NotFound(string message) => new(FailureKind.NotFound, message);

    /// <summary>The caller lacks the right.</summary>
    public static Failure Forbidden(string message) => new(FailureKind.Forbidden, message);

    /// <summary>The state does not allow it.</summary>
    public static Failure Conflict(string message) => new(FailureKind.Conflict, message);

    /// <summary>A dependency is down.</summary>
    public static Failure Unavailable(string message) => new(FailureKind.Unavailable, message);
}

/// <summary>Done, or a <see cref="Data.Failure"/>. Expected failures are results, never exceptions.</summary>
public readonly record struct Result
{
    private Result(Failure? failure) => Failure = failure;

    /// <summary>The failure, or null when done.</summary>
    public Failure? Failure { get; }

    /// <summary>Whether it was done.</summary>
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool Succeeded => Failure is null;

    /// <summary>Done.</summary>
    public static Result Done => default;

    /// <summary>Done, with a value.</summary>
    public static Result<T> Of<T>(T value) => new(value);

    /// <summary>Wraps a failure.</summary>
    public static implicit operator Result(Failure failure) => new(failure);
}

/// <summary>A value, or a <see cref="Data.Failure"/>.</summary>
/// <typeparam name="T">The value when it succeeded.</typeparam>
public readonly record struct Result<T>
{
    private readonly T? value;

    internal Result(T value) => this.value = value;

    private Result(Failure failure) => Failure = failure;

    /// <summary>The failure, or null when there is a value.</summary>
    public Failure? Failure { get; }

    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool Succeeded => Failure is null;

    /// <summary>The value. Throws <see cref="InvalidOperationException"/> when it failed.</summary>
    public T Value => Failure is null ? value! : throw new InvalidOperationException($"No value: {Failure.Message}");

    /// <summary>Wraps a value.</summary>
    public static implicit operator Result<T>(T value) => new(value);

    /// <summary>Wraps a failure.</summary>
    public static implicit operator Result<T>(Failure failure) => new(failure);
}
