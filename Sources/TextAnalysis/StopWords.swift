/// The words of each language that say nothing of a text's subject, folded.
public enum StopWords {
  /// The languages that have a list.
  public static let languages = ["ca", "de", "en", "es", "fr", "it", "pt"]

  /// The stop words of a language (BCP 47 primary subtag), folded; empty where there is no list.
  public static func words(for language: String) -> Set<String> {
    lists[language] ?? []
  }

  /// Whether a folded word is a stop word of a language.
  public static func contains(_ word: String, language: String) -> Bool {
    lists[language]?.contains(word) ?? false
  }

  private static let lists: [String: Set<String>] = [
    "ca": list(catalan), "de": list(german), "en": list(english), "es": list(spanish), "fr": list(french),
    "it": list(italian), "pt": list(portuguese),
  ]

  private static func list(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map { Folding.fold($0) })
  }

  private static let spanish = """
    a al algo algún alguna algunas alguno algunos ante aquel aquella aquellas aquello aquellos aquí así aun aún aunque
    bajo bien cada casi como cómo con contra cual cuál cuales cuáles cualquier cuando cuándo cuanto cuánto cuánta cuántos
    cuántas de debe deben del desde donde dónde dos durante e el él ella ellas ello ellos en entonces entre era eran
    eres es esa esas ese eso esos esta está estaba están estar estas este esto estos estoy fue fueron ha había habían
    haber han has hasta hay he la las le les lo los más me mi mí mientras mis muy ni no nos nosotros nuestra nuestras
    nuestro nuestros o os otra otras otro otros para pero por porque pues que qué quien quién quienes quiénes se sea sean
    según ser será si sí sido siendo sin sino sobre sólo solo son soy su sus también tan tanto te tener tengo ti tiene
    tienen toda todas todo todos tras tu tú tus u un una unas uno unos usted ustedes va vosotros vuestra vuestro y ya yo
    puede pueden puedo podemos
    """

  private static let english = """
    a about above after again against all also am an and any are aren as at be because been before being below between
    both but by can cannot could couldn d did didn do does doesn doing don down during each either else etc few for from
    further had hadn has hasn have haven having he her here hers herself him himself his how i if in into is isn it its
    itself just ll m may me might more most must my myself neither no nor not now of off on once only or other our ours
    ourselves out over own re s same shall she should shouldn so some such t than that the their theirs them themselves
    then there these they this those through to too under until up upon us ve very was wasn we were weren what when where
    whether which while who whom whose why will with within without would wouldn you your yours yourself yourselves
    """

  private static let portuguese = """
    a à ao aos aquela aquelas aquele aqueles aquilo as às até cada com como da das de dela delas dele deles depois do dos
    e é ela elas ele eles em entre era eram essa essas esse esses esta está estão estar estas este estes eu foi foram há
    isso isto já lhe lhes mais mas me mesmo meu meus minha minhas muito na não nas nem no nos nós nossa nossas nosso
    nossos num numa o onde os ou para pela pelas pelo pelos por porque qual quais quando que quem são se seja sem ser
    será seu seus só sob sobre sua suas também te tem têm tenho ter teu tua tu um uma umas uns você vocês
    """

  private static let french = """
    à ai ainsi alors as au aucun aucune aussi autre autres aux avec avoir c ça car ce ceci cela celle celles celui ces
    cet cette ceux chaque ci comme comment d dans de des donc dont du elle elles en encore entre es est et étaient était
    été être eu eux fait il ils j je l la là le les leur leurs lui m ma mais me même mes moi mon n ne ni nos notre nous
    on ont ou où par pas peu peut plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera
    ses si soit son sont sous suis sur t ta te tes toi ton tous tout toute toutes tu un une vos votre vous y
    """

  private static let german = """
    aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei beim
    bin bis bist da damit dann das dass dein deine dem den der deren des dessen dich die dies diese diesem diesen dieser
    dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer für gegen hab habe haben hat
    hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder
    jedes jetzt kann kein keine keinen keiner können man mein meine mich mir mit muss nach nicht nichts noch nun nur ob
    oder ohne sehr sein seine seinem seinen seiner sich sie sind so solche soll sollte sondern über um und uns unser
    unsere unter vom von vor war waren was weil welche welcher welches wenn wer werden wie wieder will wir wird wo zu zum
    zur zwar zwischen
    """

  private static let italian = """
    a ad agli ai al alla alle allo anche c che chi ci ciò col come con cosa cui d da dagli dai dal dalla dalle dallo degli
    dei del dell della delle dello di dove e è ed era erano essere fra gli ha hanno ho i il in io l la le lei li lo loro
    lui ma me mi mia mie mio miei ne negli nei nel nella nelle nello no noi non nostra nostro o ogni per perché più può
    quale quali quando quanto quella quelle quelli quello questa queste questi questo se sei senza si sia siamo sono su
    sua sue sugli sui sul sulla sulle suo suoi te ti tra tu tua tuo tutti tutto un una uno vi voi
    """

  private static let catalan = """
    a al als altra altre altres amb aquell aquella aquelles aquells aquest aquesta aquestes aquests així això allò apa
    com d de del dels des doncs durant e el ella elles ells els em en encara entre era érem eren es és esta està estan
    estar et ha han has hem heu hi ho i jo l la les li llavors m ma mateix me més meu meva mi molt n na ne ni no nosaltres
    nostra nostre o on pel pels per perquè però poc pot quan que què qui quin quina quins s sa se ser serà ses seu seus
    seva seves si sobre sols som són sense son t te tan té tenen teu teva tot tota totes tots tu un una unes uns us va
    vosaltres vostra vostre
    """
}
