using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Host.Groups;

/// <summary>What is asked about sets, scaling adapters and warm-ups, answered by their actors.</summary>
/// <param name="regions">Of the groups' actors.</param>
public sealed class ObjectService(ControlRegions regions)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>What is asked about what has no actor of its own: policies.</summary>
    public PolicyService Policies { get; } = new(regions);

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    /// <param name="kind">set, adapter or warmup.</param>
    /// <exception cref="GroupRefusedException">It is none of these.</exception>
    public static ObjectKind ParseKind(string kind) => Enum.TryParse<ObjectKind>(kind, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed)
        ? parsed
        : throw new GroupRefusedException($"kind is '{kind}'; expected set, adapter or warmup.");

    /// <exception cref="GroupRefusedException">It is being deleted.</exception>
    public async Task<AppliedItem> ApplyAsync(ObjectKind kind, SpecDocument document, bool isDryRun)
    {
        var yaml = SpecWriter.Write(document);
        if (!isDryRun) return await CommandAsync(new ObjectProtocol.Declare(kind, document.Name, yaml, "", Now)).ConfigureAwait(false);
        var state = await AskAsync(new ObjectProtocol.GetState(kind, document.Name)).ConfigureAwait(false) as ObjectProtocol.State;
        if (state is { Phase: "Deleting" }) throw new GroupRefusedException($"{kind.ToString().ToLowerInvariant()} {document.Name}: is being deleted; apply it again when it is gone.");
        var before = state?.Yaml;
        var diff = LineDiff.Between(before ?? "", yaml);
        return new AppliedItem(document.Kind, document.Name, before is null ? "created" : diff.Length == 0 ? "unchanged" : "configured", 0, diff);
    }

    public async Task<ObjectListBody> ListAsync(ObjectKind kind)
    {
        var names = await regions.Fleet.Ask<FleetProtocol.Objects>(new FleetProtocol.GetObjects(kind), Timeout).ConfigureAwait(false);
        var answers = await Task.WhenAll(names.Names.Select(name => AskAsync(new ObjectProtocol.GetState(kind, name)))).ConfigureAwait(false);
        return new ObjectListBody([.. answers.OfType<ObjectProtocol.State>().Select(Body)]);   // One may have ended meanwhile.
    }

    /// <exception cref="GroupRefusedException">There is none of this name.</exception>
    public async Task<ObjectBody> FindAsync(ObjectKind kind, string name) => Body(await StateAsync(kind, name).ConfigureAwait(false));

    /// <exception cref="GroupRefusedException">There is none of this name.</exception>
    public async Task<string> YamlAsync(ObjectKind kind, string name) => (await StateAsync(kind, name).ConfigureAwait(false)).Yaml;

    public Task<AppliedItem> ScaleAsync(ObjectKind kind, string name, int replicas) => CommandAsync(new ObjectProtocol.Scale(kind, name, replicas, Now));

    public Task<AppliedItem> DeleteAsync(ObjectKind kind, string name) => CommandAsync(new ObjectProtocol.Delete(kind, name, Now));

    private static ObjectBody Body(ObjectProtocol.State state) => Counted(state) with { Labels = SpecReader.Read(state.Yaml).Documents.Single().Metadata.Labels };

    private static ObjectBody Counted(ObjectProtocol.State state) => new(
        state.Kind.ToString().ToLowerInvariant(), state.Name, state.Phase, state.Target, state.Desired, state.Current, state.Ready, state.CreatedAt, state.Message.Length > 0 ? state.Message : null,
        [.. state.Parts.Select(part => new ObjectPartBody(part.Name, part.Status, part.Message))],
        [.. state.Notes.Select(note => new EventBody(note.At, note.IsWarning ? "Warning" : "Normal", note.Reason, note.Subject, note.Message, note.Count))]);

    private async Task<ObjectProtocol.State> StateAsync(ObjectKind kind, string name) => await AskAsync(new ObjectProtocol.GetState(kind, name)).ConfigureAwait(false) switch
    {
        ObjectProtocol.State state => state,
        ObjectProtocol.Refused refused => throw new GroupRefusedException(refused.Message) { IsMissing = refused.IsMissing },
        var other => throw new InvalidOperationException($"{nameof(ObjectProtocol.GetState)} was answered by {other.GetType().Name}."),
    };

    private async Task<AppliedItem> CommandAsync(ObjectProtocol.IForObject command) => await AskAsync(command).ConfigureAwait(false) switch
    {
        ObjectProtocol.Done done => new AppliedItem(ObjectDocuments.KindName(done.Kind), done.Name, done.Outcome, 0, null),
        ObjectProtocol.Refused refused => throw new GroupRefusedException(refused.Message) { IsMissing = refused.IsMissing },
        var other => throw new InvalidOperationException($"{command.GetType().Name} was answered by {other.GetType().Name}."),
    };

    private Task<object> AskAsync(ObjectProtocol.IForObject question) => regions.Objects.Ask<object>(question, Timeout);
}
