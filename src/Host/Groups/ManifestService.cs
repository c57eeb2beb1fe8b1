using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;

namespace ActorInference.Host.Groups;

/// <summary>What files declare, applied or deleted together.</summary>
/// <param name="regions">Of the groups' actors.</param>
public sealed class ManifestService(ControlRegions regions)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private readonly ObjectService _objects = new(regions);
    private readonly PolicyService _policies = new(regions);

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    /// <summary>Applies all documents, or none if any is wrong, or would be refused.</summary>
    /// <param name="sources">Files, which may refer to each other.</param>
    /// <param name="isDryRun">Whether it is only told what would change.</param>
    /// <exception cref="GroupRefusedException">All that is wrong.</exception>
    public async Task<AppliedBody> ApplyAsync(IReadOnlyList<SpecSource> sources, bool isDryRun)
    {
        var file = Read(sources);
        // All are asked before any is told: what one of them refuses keeps the others from being applied.
        var (items, errors) = await ForAllAsync(Applies(file, isDryRun: true)).ConfigureAwait(false);
        if (errors.Count > 0) throw new GroupRefusedException(errors);
        if (!isDryRun) (items, errors) = await ForAllAsync(Applies(file, isDryRun: false)).ConfigureAwait(false);
        if (errors.Count > 0) throw new GroupRefusedException(errors);
        return new AppliedBody(items, Warnings(file));
    }

    /// <summary>Deletes all that is declared there: first what would declare others anew. What is not there is told, and hinders nothing.</summary>
    /// <exception cref="GroupRefusedException">The files are wrong; nothing was deleted.</exception>
    public async Task<AppliedBody> DeleteAsync(IReadOnlyList<SpecSource> sources)
    {
        var file = Read(sources);
        var groups = file.Documents.OfType<RoleBasedGroup>().Select(group => group.Name).ToHashSet(StringComparer.Ordinal);
        var deletes = new List<ManifestStep>();
        foreach (var document in file.Documents.Where(document => ObjectDocuments.KindOf(document) is not null)) deletes.Add(new("", () => _objects.DeleteAsync(ObjectDocuments.KindOf(document)!.Value, document.Name)));
        // A policy ends with its group.
        foreach (var policy in file.Documents.OfType<CoordinatedPolicy>().Where(policy => !groups.Contains(policy.Name))) deletes.Add(new("", () => _policies.DeleteAsync(policy.Name)));
        foreach (var group in groups) deletes.Add(new("", () => CommandAsync(new GroupProtocol.Delete(group, Now), RoleBasedGroup.KindName)));
        var (items, errors) = await ForAllAsync(deletes).ConfigureAwait(false);
        return new AppliedBody(items, Warnings(file)) { Missing = errors };
    }

    private IEnumerable<ManifestStep> Applies(SpecFile file, bool isDryRun)
    {
        var groups = file.Documents.OfType<RoleBasedGroup>().ToList();
        var policies = file.Documents.OfType<CoordinatedPolicy>().ToDictionary(policy => policy.Name);
        foreach (var group in groups) yield return new(file.Files[group], () => ApplyAsync(group.Name, SpecWriter.Write(group), policies.GetValueOrDefault(group.Name), isDryRun));
        foreach (var policy in policies.Values.Where(policy => groups.All(group => group.Name != policy.Name))) yield return new(file.Files[policy], () => ApplyAsync(policy.Name, "", policy, isDryRun));
        foreach (var document in file.Documents)
        {
            if (ObjectDocuments.KindOf(document) is { } kind) yield return new(file.Files[document], () => _objects.ApplyAsync(kind, document, isDryRun));
        }
    }

    private static async Task<(List<AppliedItem> Items, List<string> Errors)> ForAllAsync(IEnumerable<ManifestStep> steps)
    {
        var (items, errors) = (new List<AppliedItem>(), new List<string>());
        foreach (var step in steps)
        {
            try
            {
                items.Add(await step.Do().ConfigureAwait(false));
            }
            catch (GroupRefusedException refused)
            {
                errors.AddRange(refused.Errors.Select(error => step.File.Length > 0 ? $"{step.File}: {error}" : error));
            }
        }

        return (items, errors);
    }

    private static SpecFile Read(IReadOnlyList<SpecSource> sources)
    {
        try
        {
            return SpecReader.Read(sources);
        }
        catch (SpecException wrong)
        {
            throw new GroupRefusedException([.. wrong.Errors.Select(error => error.ToString())]);
        }
    }

    private static IReadOnlyList<string> Warnings(SpecFile file) => [.. file.Warnings.Select(warning => warning.ToString())];

    private async Task<AppliedItem> ApplyAsync(string name, string desired, CoordinatedPolicy? policy, bool isDryRun)
    {
        var policyYaml = policy is null ? null : SpecWriter.Write(policy);
        var kind = desired.Length > 0 ? RoleBasedGroup.KindName : CoordinatedPolicy.KindName;
        var applied = await CommandAsync(new GroupProtocol.Apply(name, desired, policyYaml, Now) { IsDryRun = isDryRun }, kind).ConfigureAwait(false);
        if (!isDryRun) return applied;
        var (before, policyBefore) = await AskAsync(new GroupProtocol.GetState(name)).ConfigureAwait(false) is GroupProtocol.State state ? (state.Desired, state.Policy) : ("", "");
        var diff = (desired.Length > 0 ? LineDiff.Between(before, desired) : "") + (policyYaml is null ? "" : LineDiff.Between(policyBefore, policyYaml));
        return applied with { Diff = diff };
    }

    private async Task<AppliedItem> CommandAsync(GroupProtocol.IForGroup command, string kind) => GroupService.Item(command, await AskAsync(command).ConfigureAwait(false), kind);

    private Task<object> AskAsync(GroupProtocol.IForGroup question) => regions.Groups.Ask<object>(question, Timeout);

    /// <param name="File">Which what is refused is told with; empty for none.</param>
    private readonly record struct ManifestStep(string File, Func<Task<AppliedItem>> Do);
}
