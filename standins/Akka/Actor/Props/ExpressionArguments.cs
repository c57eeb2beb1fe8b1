using System.Linq.Expressions;
using System.Reflection;

namespace Akka.Actor;

/// <summary>
/// The values of a constructor call's arguments. Constants and captured variables, which is nearly all, are read
/// directly; only what is left is compiled, which costs a hundred times more.
/// </summary>
internal static class ExpressionArguments
{
    public static object[] Evaluate(NewExpression call)
    {
        if (call.Arguments.Count == 0) return [];
        var values = new object[call.Arguments.Count];
        for (var i = 0; i < values.Length; i++) values[i] = Evaluate(call.Arguments[i]);
        return values;
    }

    private static object Evaluate(Expression expression) => TryRead(expression, out var value)
        ? value
        : Expression.Lambda<Func<object>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)();

    private static bool TryRead(Expression expression, out object value)
    {
        switch (expression)
        {
            case ConstantExpression constant:
                value = constant.Value;
                return true;
            case MemberExpression { Member: FieldInfo field } member when TryReadTarget(member.Expression, field.IsStatic, out var target):
                value = field.GetValue(target);
                return true;
            case MemberExpression { Member: PropertyInfo property } member
                when TryReadTarget(member.Expression, property.GetMethod is { IsStatic: true }, out var target):
                value = property.GetMethod.Invoke(target, BindingFlags.DoNotWrapExceptions, null, null, null);
                return true;
            case UnaryExpression { NodeType: ExpressionType.Convert, Method: null } convert
                when !convert.Type.IsValueType && !convert.Operand.Type.IsValueType && TryRead(convert.Operand, out var operand)
                && (operand is null || convert.Type.IsInstanceOfType(operand)):
                value = operand;
                return true;
            default:
                value = null;
                return false;
        }
    }

    private static bool TryReadTarget(Expression target, bool isStatic, out object value)
    {
        value = null;
        return isStatic || (target is not null && TryRead(target, out value) && value is not null);
    }
}
